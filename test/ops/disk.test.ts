import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../src/ops/disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('makes a directory with its parents, and leaves one that is there', async (t) => {
  const root = await temporaryDirectory(t);
  const inner = join(root, 'a', 'b', 'c');
  await nodeDisk.makeDirectory(inner);
  await fs.writeFile(join(inner, 'kept'), 'x');
  await nodeDisk.makeDirectory(inner);
  assert.deepEqual(await nodeDisk.list(inner), ['kept']);
  assert.equal((await fs.stat(join(root, 'a'))).mode & 0o777, 0o750 & ~process.umask());
});

test('writes and reads at any place, whole, and says how much there is', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  const file = await nodeDisk.open(path, { mode: 'create', durable: true });
  await file.write(Buffer.from('hello'), 3);
  assert.equal(await file.size(), 8);
  assert.deepEqual(await file.read(0, 100), Buffer.from('\0\0\0hello'));
  await file.truncate(5);
  assert.deepEqual(await file.read(3, 100), Buffer.from('he'));
  await file.close();
  await assert.rejects(nodeDisk.open(path, { mode: 'create' }), { code: 'EEXIST' });
  await nodeDisk.remove(path);
  await nodeDisk.remove(path);
  await assert.rejects(nodeDisk.open(path, { mode: 'write' }), { code: 'ENOENT' });
});
