import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesOf, smallStore } from '../store/verify/small-store.js';
import { cli } from '../support/cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('answers with one line that has the root to note, and finds that root again', async (t) => {
  const { dataDir } = await smallStore(t, ['gzip:4']);
  const run = await cli(['verify', '--data-dir', dataDir]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.ok(run.wentLast, 'a service beside it goes first');
  const line =
    /^1 segments, 1 journals, 10 events, 2 consultations, \d+ bytes, \d+\.\d s, \d+\.\d MB\/s, root (10:[0-9a-f]{64})\n$/;
  const root = line.exec(run.stdout)?.[1] ?? '';
  assert.ok(root, run.stdout);
  assert.equal(run.stderr, '');
  const again = await cli(['verify', '--expect', root, '--json'], { env: { FI_DATA_DIR: dataDir } });
  assert.equal(again.exitCode, 0, again.stderr);
  const { valid, damages, notes, root: same } = JSON.parse(again.stdout);
  assert.deepEqual([valid, damages, notes, same], [true, [], [], root]);
  const other = root.replace(/.$/, root.endsWith('0') ? '1' : '0');
  const wrong = await cli(['verify', '--data-dir', dataDir, '--expect', root, '--expect', other]);
  assert.equal(wrong.exitCode, 1);
  assert.match(wrong.stdout, /, event 10: the events up to here do not have the expected root\n$/);
});

test('answers damage with a line each and their count, and exit code 1', async (t) => {
  const { dataDir } = await smallStore(t, ['none']);
  const damaged: [string, string][] = [];
  for (const [folder, end] of [
    ['segments', '.h5'],
    ['journal', '.journal'],
  ] as const) {
    const [name = ''] = await filesOf(dataDir, folder, end);
    const bytes = await readFile(join(dataDir, folder, name));
    bytes[bytes.indexOf('duele')] = 'D'.charCodeAt(0);
    await writeFile(join(dataDir, folder, name), bytes);
    damaged.push([folder, name]);
  }
  const run = await cli(['verify', '--data-dir', dataDir]);
  assert.equal(run.exitCode, 1);
  const [segment = '', journal = '', ...rest] = run.stdout.split('\n');
  assert.deepEqual(rest, ['']);
  assert.match(
    segment,
    /^segments\/segment-0000000000000001\.h5, event \d, consultation [0-9a-f-]{36}: .*SHA-256/,
  );
  assert.match(journal, /^journal\/0000000000000007\.journal, offset 64, event 7: a block is damaged/);
  assert.match(
    run.stderr,
    /^fi-consult verify: 2 damages found in 1 segments, .*docs\/operating\.md, "Damage"\n$/,
  );

  const json = await cli(['verify', '--data-dir', dataDir, '--json']);
  assert.equal(json.exitCode, 1);
  const { valid, damage_count, damages, root } = JSON.parse(json.stdout);
  assert.deepEqual([valid, damage_count, root], [false, 2, null]);
  assert.deepEqual(
    damages.map(({ file }: { file: string }) => file),
    damaged.map((path) => path.join('/')),
  );
  assert.equal(damages[1].offset, 64);
  assert.match(damages[0].consultation_id, /^[0-9a-f-]{36}$/);
});

test('refuses a directory without a store, and an expectation that is none', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const empty = await cli(['verify', '--data-dir', dataDir]);
  assert.equal(empty.exitCode, 1);
  assert.match(empty.stderr, /^fi-consult verify: there is no store in .*--data-dir\n$/);
  const missing = await cli(['verify', '--data-dir', join(dataDir, 'no', 'such')]);
  assert.equal(missing.exitCode, 1);
  for (const expectation of ['', '1', `0:${'0'.repeat(64)}`, `1:${'0'.repeat(63)}`, `1:${'G'.repeat(64)}`]) {
    const run = await cli(['verify', '--expect', expectation]);
    assert.equal(run.exitCode, 2, expectation);
    assert.match(run.stderr, /SEQUENCE:ROOT/);
  }
});
