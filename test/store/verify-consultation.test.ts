import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestStore } from '../support/local-store.js';
import { filesOf, smallStore } from './verify/small-store.js';

test('finds the first damaged event of a consultation, in a segment or the journal, and clears the others', async (t) => {
  const { dataDir, ids } = await smallStore(t, ['none']);
  const [segment = ''] = await filesOf(dataDir, 'segments', '.h5');
  const path = join(dataDir, 'segments', segment);
  const bytes = await readFile(path);
  bytes[bytes.lastIndexOf('duele')] = 'D'.charCodeAt(0);
  await writeFile(path, bytes);
  const store = await openTestStore(dataDir);
  const [journal = ''] = await filesOf(dataDir, 'journal', '.journal');
  const checks = await Promise.all(ids.map((id) => store.verify(id)));
  const damaged = checks.filter(({ valid }) => !valid);
  assert.equal(damaged.length, 1, 'one consultation is concerned');
  assert.deepEqual(damaged[0]?.damage, {
    // The last event of the segment of six, third of the second consultation.
    sequence: 6,
    version: 3,
    reason: 'its bytes do not have the hash it was acknowledged with',
  });
  const whole = ids[checks.findIndex(({ valid }) => valid)] as string;
  assert.match(checks.find(({ valid }) => valid)?.headHash ?? '', /^[0-9a-f]{64}$/);

  // The disk spoils the journal under a running service.
  const journalPath = join(dataDir, 'journal', journal);
  const journalBytes = await readFile(journalPath);
  for (let at = journalBytes.indexOf('duele'); at >= 0; at = journalBytes.indexOf('duele', at + 1)) {
    journalBytes[at] = 'D'.charCodeAt(0);
  }
  await writeFile(journalPath, journalBytes);
  const { valid, events, damage } = await store.verify(whole);
  assert.deepEqual([valid, events, damage?.version], [false, 5, 4]);
  await store.close();
});

test('names the first event of a file that cannot be read any more', async (t) => {
  const { dataDir, ids } = await smallStore(t, ['gzip:4']);
  const [segment = ''] = await filesOf(dataDir, 'segments', '.h5');
  const path = join(dataDir, 'segments', segment);
  const bytes = await readFile(path);
  await writeFile(path, Buffer.alloc(bytes.length));
  const store = await openTestStore(dataDir);
  const { valid, damage } = await store.verify(ids[1] as string);
  assert.equal(valid, false);
  assert.deepEqual(damage, { sequence: 2, version: 1, reason: 'it cannot be read' });
  await store.close();
});
