/** One codec as the service uses it: a corpus sealed as a segment, and read back event by event. */
import { join } from 'node:path';
import { assert } from '../../src/domain/errors.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { columnSizes } from '../../src/segments/column-sizes.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { sealSegment } from '../../src/segments/seal-segment.js';
import { GENESIS_ROOT } from '../../src/segments/segment-layout.js';
import { SegmentReader } from '../../src/segments/segment-reader.js';
import type { CaseContext, CaseOutcome } from '../harness/benchmark.js';
import { medianOf, scalar } from '../harness/measures.js';
import { consultationsOfFiles, corpusLinks, syntheticCorpus } from '../support/corpus.js';
import { megabytesPerSecond, timed } from './processor-time.js';

/** Rates are of links, which is what the journal held. */
export async function measureSegments(codec: string, context: CaseContext): Promise<CaseOutcome[]> {
  const { corpus, seed, own, directory } = context;
  const consultations =
    corpus.length > 0 ? await consultationsOfFiles(corpus) : syntheticCorpus(seed, Number(own.events));
  const links = corpusLinks(consultations, seed);
  const linkBytes = links.reduce((sum, link) => sum + link.length, 0);
  await loadHdf5();
  const path = join(directory, 'segment.h5');
  const rounds = Number(own.rounds);
  const rates = { seal: [] as number[], scan: [] as number[] };
  let fileBytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    context.progress(round / rounds);
    const sealed = await timed(() =>
      sealSegment({
        links: () => [links],
        codec: parseCodec(codec),
        path,
        firstSequence: 1,
        previousRoot: GENESIS_ROOT,
        disk: nodeDisk,
      }),
    );
    const scanned = await timed(() => scan(path));
    assert(scanned.value === links.length, `${codec} gave back every event`);
    fileBytes = sealed.value.fileBytes;
    rates.seal.push(megabytesPerSecond(linkBytes, sealed.milliseconds));
    rates.scan.push(megabytesPerSecond(linkBytes, scanned.milliseconds));
  }
  const columns = await columnSizes(path);
  const parameters = { kind: 'segment', codec, events: links.length };
  const measures = {
    bytes_per_event: scalar(fileBytes / links.length, 'B', 'lower'),
    ratio: scalar(linkBytes / fileBytes, '', 'higher'),
    seals: medianOf(rates.seal, 'MB/s of a core', 'higher'),
    reads: medianOf(rates.scan, 'MB/s of a core', 'higher'),
  };
  const sizes = columns.map(({ path: column, storedBytes }) => {
    return [column, scalar(storedBytes / links.length, 'B', 'lower')] as const;
  });
  const row = { durability: 'memory', invalid: [] } as const;
  return [
    { ...row, name: `segment, ${codec}`, parameters, measures },
    {
      ...row,
      name: `columns, ${codec}`,
      parameters: { ...parameters, kind: 'columns' },
      measures: Object.fromEntries(sizes),
    },
  ];
}

function scan(path: string): number {
  const reader = SegmentReader.open(path);
  let scanned = 0;
  for (const batch of reader.scanLinks({ rowsMax: 2048, bytesMax: 4 * 1024 * 1024 })) scanned += batch.length;
  reader.close();
  return scanned;
}
