import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FeedResult } from '../../bench/feed/document.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const PROGRAM = fileURLToPath(new URL('../../bench/feed.bench.js', import.meta.url));

const skip = process.platform !== 'linux' && 'memory and CPU are read from /proc';

test('measures those who follow the real service, and writes what it found', { skip }, async (t) => {
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'feed.json');
  const document = join(directory, 'FEED.md');
  const args = ['--smoke', '--seconds', '0.5', '--rounds', '1', '--output', output, '--document', document];
  await promisify(execFile)(process.execPath, [PROGRAM, ...args], { env: { PATH: process.env.PATH } });
  const { idle, rounds } = JSON.parse(await readFile(output, 'utf8')) as FeedResult;
  assert.deepEqual(
    idle.map(({ followers, anonymous }) => [followers, anonymous > 0]),
    [
      [0, true],
      [50, true],
    ],
  );
  const [none, some] = rounds[0] ?? [];
  assert.equal(none?.appends.count, 100);
  assert.equal(none?.delivery.count, 0);
  assert.ok((some?.delivery.count ?? 0) > 0);
  assert.match(await readFile(document, 'utf8'), /^\| 10 \| 3,000 \|/m);
});
