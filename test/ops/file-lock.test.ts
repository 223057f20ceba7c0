import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFile } from '../../src/ops/file-lock.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('gives a lock to one at a time, and to the next when it is let go', async (t) => {
  const path = join(await temporaryDirectory(t), 'lock');
  const first = await lockFile(path, { waitMs: 0 });
  assert.ok(first);
  assert.equal(await lockFile(path, { waitMs: 0 }), undefined);
  assert.equal(await lockFile(path, { waitMs: 20 }), undefined);
  const waiting = lockFile(path, { waitMs: 60_000 });
  await first.close();
  const second = await waiting;
  assert.ok(second);
  await second.close();
});

test('lets many take turns', async (t) => {
  const path = join(await temporaryDirectory(t), 'lock');
  let inside = 0;
  const turns = Array.from({ length: 12 }, async () => {
    const lock = await lockFile(path, { waitMs: 60_000 });
    inside += 1;
    assert.equal(inside, 1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    await lock?.close();
  });
  await Promise.all(turns);
});
