/**
 * What the service does with HDF5, over and over: events go into a live file in SWMR mode, a flush for each 50, and then
 * all of them are sealed with the default codec.
 */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { nodeDisk } from '../../src/ops/disk.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { LiveSegment } from '../../src/segments/live-segment.js';
import { sealSegment } from '../../src/segments/seal-segment.js';
import { GENESIS_ROOT } from '../../src/segments/segment-layout.js';
import { corpusLinks, syntheticCorpus } from '../support/corpus.js';

const FLUSHED_EVENTS = 50;
const CODEC = 'gzip:6';

export interface Hdf5Work {
  directory: string;
  seed: number;
  events: number;
}

/** Works until a time as of `Date.now()`, which threads share, but at least once; returns events a second. */
export type RunHdf5 = (untilMs: number) => Promise<number>;

/** Loads the library and makes the events, so that neither is part of what is measured. */
export async function prepareHdf5({ directory, seed, events }: Hdf5Work): Promise<RunHdf5> {
  const links = corpusLinks(syntheticCorpus(seed, events), seed);
  await loadHdf5();
  return async (untilMs) => {
    const started = performance.now();
    let done = 0;
    do {
      await mirrorAndSeal(directory, links);
      done += links.length;
    } while (Date.now() < untilMs);
    return (done * 1000) / (performance.now() - started);
  };
}

async function mirrorAndSeal(directory: string, links: readonly Buffer[]): Promise<void> {
  const live = LiveSegment.create(join(directory, 'live.h5'), { firstSequence: 1 });
  for (let at = 0; at < links.length; at += FLUSHED_EVENTS) {
    live.append(links.slice(at, at + FLUSHED_EVENTS));
    live.flush();
    // Whoever shares the thread gets a turn after each flush.
    await turn();
  }
  live.close();
  await sealSegment({
    links: () => [links],
    codec: parseCodec(CODEC),
    path: join(directory, 'sealed.h5'),
    firstSequence: 1,
    previousRoot: GENESIS_ROOT,
    disk: nodeDisk,
  });
}
