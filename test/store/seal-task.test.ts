import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileLog } from '../../src/log/file-log.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { GENESIS_ROOT } from '../../src/segments/segment-layout.js';
import { sealJournal } from '../../src/store/followers/seal-task.js';
import { ChainedLinks } from '../support/chained-links.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('a journal that is damaged at its end is not sealed as if it were shorter', async (t) => {
  const directory = await temporaryDirectory(t);
  const journals = join(directory, 'journal');
  const roll = { events: 1e9, bytes: 1e9, ageMs: 1e12 };
  const log = await FileLog.open({
    disk: nodeDisk,
    directory: journals,
    durability: 'fsync',
    roll,
    firstSequence: 1,
    indexedVersion: () => 0,
  });
  const chained = new ChainedLinks();
  for (let block = 0; block < 5; block += 1) await log.append(chained.next('a'));
  const journal = log.tail;
  await log.close();
  const bytes = await readFile(journal.path);
  bytes[journal.endOffset - 3] = (bytes[journal.endOffset - 3] as number) ^ 1;
  await writeFile(journal.path, bytes);

  const path = join(directory, 'sealed.h5');
  const work = { journal, previousRoot: GENESIS_ROOT, codec: 'none', path };
  const report = await sealJournal(work, nodeDisk);
  assert.equal(report.kind, 'failed');
  assert.equal(report.kind === 'failed' && report.code, 'LOG_DAMAGED');
  assert.deepEqual(await readdir(directory), ['journal']);
});
