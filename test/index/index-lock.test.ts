import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { indexDirectory, openReader, openWriter } from './support.js';

const LOCKS = '/proc/locks';

test('keeps the locks that tell other processes of it while it is opened more than once', async (t) => {
  const directory = await indexDirectory(t);
  await openWriter(t, directory);
  await openReader(t, directory);
  const locks = await readFile(LOCKS, 'utf8').catch(() => undefined);
  if (locks === undefined) {
    t.skip(`${LOCKS} is needed to see locks`);
    return;
  }
  const { ino } = await stat(join(directory, 'lock.mdb'));
  const own = locks
    .split('\n')
    .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `));
  assert.ok(own.length > 0, 'LMDB holds a lock on its lock file');
});
