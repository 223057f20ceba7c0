import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkFolder, replaceFolder } from '../../profiles/support/output-folder.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('replaces an earlier profile whole', async (t) => {
  const folder = join(await temporaryDirectory(t), 'a', 'profile');
  await replaceFolder(folder, { 'old.md': 'old', 'top.md': 'old' }, { files: ['old.md', 'top.md'] });
  await replaceFolder(folder, { 'top.md': 'new' }, { files: ['top.md'] });
  assert.deepEqual((await readdir(folder)).sort(), ['meta.json', 'top.md']);
  assert.equal(await readFile(join(folder, 'top.md'), 'utf8'), 'new');
});

test('removes nothing that no profile has left', async (t) => {
  const folder = await temporaryDirectory(t);
  await writeFile(join(folder, 'thesis.txt'), 'mine');
  await assert.rejects(checkFolder(folder), /has thesis\.txt in it, which is of no profile/);
  await assert.rejects(replaceFolder(folder, { 'top.md': 'new' }, { files: ['top.md'] }));
  assert.deepEqual(await readdir(folder), ['thesis.txt']);
  // Nor what a meta.json names elsewhere.
  await writeFile(join(folder, 'meta.json'), JSON.stringify({ files: ['../../elsewhere'] }));
  await assert.rejects(checkFolder(folder), /thesis\.txt/);
});
