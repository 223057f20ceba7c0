import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { pino } from 'pino';
import { FileLog, type JournalSpan } from '../../src/log/file-log.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { nodeMachine } from '../../src/ops/machine.js';
import { SegmentArchive } from '../../src/segments/segment-archive.js';
import { SegmentSealer } from '../../src/store/segment-sealer.js';
import { ChainedLinks } from '../support/chained-links.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

it('seals each journal once, also when one cannot be removed after it was sealed', async (t) => {
  const directory = await temporaryDirectory(t);
  const segments = join(directory, 'segments');
  await nodeDisk.makeDirectory(segments);
  let removalsToFail = 1;
  const disk = {
    ...nodeDisk,
    async remove(path: string): Promise<void> {
      if (path.endsWith('.journal') && removalsToFail > 0) {
        removalsToFail -= 1;
        throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
      }
      await nodeDisk.remove(path);
    },
  };
  const log = await FileLog.open({
    disk,
    directory: join(directory, 'journal'),
    durability: 'fsync',
    roll: { events: 5, bytes: 1e9, ageMs: 1e12 },
    firstSequence: 1,
    indexedVersion: () => 0,
  });
  const archive = await SegmentArchive.open({ disk: nodeDisk, directory: segments });
  const full: JournalSpan[] = [];
  log.subscribe({ rolled: (journal) => full.push(journal) });
  const chained = new ChainedLinks();
  for (let i = 0; i < 11; i += 1) await log.append(chained.next('a'));
  const logger = pino({ level: 'silent' });
  const sealer = new SegmentSealer({
    log,
    archive,
    codec: 'gzip:1',
    directory: segments,
    logger,
    machine: nodeMachine,
  });
  sealer.add(full[0] as JournalSpan);
  await sealer.idle();
  const first = archive.segments[0];
  const bytes = await readFile(join(segments, first?.file ?? ''));
  assert.equal(log.firstSequence, 1, 'its journal could not be removed');
  sealer.add(full[1] as JournalSpan);
  await sealer.idle();
  assert.equal(archive.lastSequence, 10);
  assert.deepEqual(archive.segments[0], first);
  assert.deepEqual(await readFile(join(segments, first?.file ?? '')), bytes);
  assert.equal(log.firstSequence, 11, 'the journal that was left went with the next');
  await sealer.close();
  await log.close();
  await archive.close();
});
