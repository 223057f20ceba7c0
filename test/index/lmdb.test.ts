import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import { META_TABLE } from '../../src/index/index-layout.js';
import { LmdbEnvironment, loadLmdb } from '../../src/index/lmdb.js';
import { indexDirectory } from './support.js';

test('says in one line that the native module is missing, and what to do', async () => {
  const cause = new Error('No native build was found for platform=linux arch=riscv64');
  await assert.rejects(
    loadLmdb(() => Promise.reject(cause)),
    (error) => {
      assert.ok(error instanceof CodedError);
      assert.equal(error.code, 'NATIVE_MODULE_MISSING');
      assert.match(error.message, /^The package lmdb, .* run "npm ci"[^\n]*$/);
      assert.equal(error.cause, cause);
      return true;
    },
  );
});

test('a transaction that throws puts nothing, and the next one is as good as ever', async (t) => {
  const directory = await indexDirectory(t);
  await fs.mkdir(directory);
  const environment = await LmdbEnvironment.open(directory);
  t.after(() => environment.close());
  const table = environment.table(META_TABLE);
  assert.ok(table);
  const key = Buffer.from('key');
  const fails = () =>
    environment.transaction(() => {
      table.put(key, Buffer.alloc(6, 1));
      assert.equal(table.get(key), 0x010101010101);
      throw new RangeError('stop');
    });
  assert.throws(fails, { name: 'RangeError', message: 'stop' });
  assert.equal(table.get(key), undefined);
  environment.transaction(() => table.put(key, Buffer.alloc(6, 2)));
  assert.equal(table.get(key), 0x020202020202);
});
