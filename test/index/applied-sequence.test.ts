import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readIndexProgress } from '../../src/index/applied-sequence.js';
import { inBatches, makeLinks } from '../support/links.js';
import { indexDirectory, openWriter } from './support.js';

test('says how far the index is after each commit of a writer at work', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  assert.deepEqual(await readIndexProgress(directory), { kind: 'known', appliedSequence: 0 });
  for (const batch of inBatches(makeLinks({ consultations: 50, events: 3000, seed: 5 }), 150)) {
    writer.apply(batch);
    const { appliedSequence } = writer;
    assert.deepEqual(await readIndexProgress(directory), { kind: 'known', appliedSequence });
  }
});

test('says why it does not know, of an index that is missing or no index', async (t) => {
  const directory = await indexDirectory(t);
  assert.deepEqual(await readIndexProgress(directory), { kind: 'unknown', reason: 'there is none' });
  await mkdir(directory);
  await writeFile(join(directory, 'data.mdb'), 'no index');
  assert.match(JSON.stringify(await readIndexProgress(directory)), /does not start as it should/);
});

test('takes any change of a small index for damage, or sees the same, or another number', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  writer.apply([...makeLinks({ consultations: 3, events: 20, seed: 5 })]);
  const bytes = await readFile(join(directory, 'data.mdb'));
  const copy = `${directory}-copy`;
  await mkdir(copy);
  for (let offset = 0; offset < bytes.length; offset += 7) {
    const changed = Buffer.from(bytes);
    changed[offset] = 0xff;
    await writeFile(join(copy, 'data.mdb'), changed);
    const progress = await readIndexProgress(copy);
    const isAnswer = progress.kind === 'known' ? progress.appliedSequence >= 0 : progress.reason.length > 0;
    assert.ok(isAnswer, `offset ${offset}: ${JSON.stringify(progress)}`);
  }
});
