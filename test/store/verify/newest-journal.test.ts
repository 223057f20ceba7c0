/** What verify makes of a directory whose newest journal is missing and an older one is there. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { openTestStore } from '../../support/local-store.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { playScript } from '../event-store.contract.js';
import { filesOf, verified } from './small-store.js';

it('finds that the newest journal is one that was sealed already', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await openTestStore(dataDir);
  await playScript(first, 1);
  await first.close();
  const old = 'journal/0000000000000001.journal';
  const bytes = await readFile(join(dataDir, old));
  const second = await openTestStore(dataDir, { roll: { events: 25, bytes: 1e9, ageMs: 1e9 } });
  await second.create({ userId: 'dr', source: 'test' });
  await second.archived();
  await second.close();
  for (const name of await filesOf(dataDir, 'journal', '.journal')) await rm(join(dataDir, 'journal', name));
  await rm(join(dataDir, 'index'), { recursive: true });
  await writeFile(join(dataDir, old), bytes);
  const { damages } = await verified(dataDir);
  assert.deepEqual(
    damages.map(({ file }) => file),
    [old],
  );
  assert.match(damages[0]?.what ?? '', /sealed already, and there is no newer journal/);
});
