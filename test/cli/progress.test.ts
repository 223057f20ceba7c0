import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { startProgress } from '../../src/cli/progress.js';

function shown(isTTY: boolean, total: number | undefined) {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  const progress = startProgress({
    command: 'fi-consult import',
    stderr,
    done: () => 50,
    total: () => total,
    text: () => '30 events',
    quietMs: 0,
    lineIntervalMs: 1,
  });
  return { stderr, progress };
}

async function firstReport(isTTY: boolean, total: number | undefined): Promise<string> {
  const { stderr, progress } = shown(isTTY, total);
  await once(stderr, 'readable');
  progress.stop();
  return String(stderr.read());
}

test('reports in lines where there is no bar to draw, and in a bar on a terminal', async () => {
  assert.match(await firstReport(false, 200), /^fi-consult import: 25 %, 30 events\n/);
  assert.match(await firstReport(true, undefined), /^fi-consult import: 30 events\n/);
  assert.match(await firstReport(true, 200), /25 % .*30 events/);
});

test('takes the bar away before something else is written, and at the end', async () => {
  const { stderr, progress } = shown(true, 200);
  await once(stderr, 'readable');
  stderr.read();
  progress.aside(() => stderr.write('[aside]'));
  progress.stop();
  const written = String(stderr.read());
  // Clearing the line (CSI K) comes before the other text and not after it.
  assert.ok(written.includes('\u001b[0K') && written.endsWith('[aside]'), JSON.stringify(written));
});

test('shows nothing of what is done at once', () => {
  const stderr = new PassThrough();
  const progress = startProgress({
    command: 'fi-consult import',
    stderr,
    done: () => 1,
    total: () => 1,
    text: () => '1 event',
  });
  progress.stop();
  assert.equal(stderr.read(), null);
});
