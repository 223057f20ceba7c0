import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeNumber, FORMAT_KEY, INDEX_FORMAT } from '../../src/index/index-layout.js';
import { deleteIndex, openIndexTables } from '../../src/index/index-tables.js';
import { inBatches, makeLinks } from '../support/links.js';
import { assertHoldsPrefix, indexDirectory, opened, openReader, openWriter } from './support.js';

const LINKS = [...makeLinks({ consultations: 10, events: 2000, seed: 3 })];

test('an index of another format is unusable, and is rebuilt after it was deleted', async (t) => {
  const directory = await indexDirectory(t);
  const { environment, meta } = opened(await openIndexTables(directory));
  environment.transaction(() => meta.put(FORMAT_KEY, encodeNumber(INDEX_FORMAT + 1)));
  await environment.close();
  assert.deepEqual(await openIndexTables(directory), {
    kind: 'unusable',
    reason: `it has the format ${INDEX_FORMAT + 1}, not ${INDEX_FORMAT}`,
  });
  await deleteIndex(directory);
  (await openWriter(t, directory)).apply(LINKS);
  assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), LINKS.length);
});

test('a file that is not an index is unusable, and does not end the process', async (t) => {
  for (const content of ['x', 'not an index '.repeat(2000), '\0'.repeat(8192)]) {
    const directory = await indexDirectory(t);
    await fs.mkdir(directory);
    await fs.writeFile(join(directory, 'data.mdb'), content);
    assert.equal((await openIndexTables(directory)).kind, 'unusable');
  }
});

test('a file that was cut short is unusable at any length, and does not end the process', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  for (const batch of inBatches(LINKS, 100)) writer.apply(batch);
  await writer.close();
  const file = join(directory, 'data.mdb');
  let { size } = await fs.stat(file);
  for (const cut of [1, 4095, 4096, 100_000, 150_000]) {
    size -= cut;
    await fs.truncate(file, size);
    assert.deepEqual(await openIndexTables(directory), {
      kind: 'unusable',
      reason: 'its file was cut short',
    });
  }
  await fs.truncate(file, 5000);
  assert.equal((await openIndexTables(directory)).kind, 'unusable');
});

test('an empty file, as a crash at the first start may leave it, becomes a new index', async (t) => {
  const directory = await indexDirectory(t);
  await fs.mkdir(directory);
  await fs.writeFile(join(directory, 'data.mdb'), '');
  (await openWriter(t, directory)).apply(LINKS);
  assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), LINKS.length);
});

test('a folder that cannot be used is an error that says what to look at', async (t) => {
  const directory = await indexDirectory(t);
  await fs.writeFile(directory, 'a file');
  await assert.rejects(openIndexTables(directory), {
    code: 'INTERNAL_ERROR',
    message: /folder of the index/,
  });
});

test('its files are closed to others of the machine', async (t) => {
  const directory = await indexDirectory(t);
  await openWriter(t, directory);
  for (const name of ['data.mdb', 'lock.mdb']) {
    assert.equal((await fs.stat(join(directory, name))).mode & 0o007, 0, name);
  }
});

test('deleting an index that is not there is no error', async (t) => {
  await deleteIndex(await indexDirectory(t));
});
