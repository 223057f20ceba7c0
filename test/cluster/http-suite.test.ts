/**
 * The HTTP tests once more, with a socket between the application and its store. These are those of what passes
 * through the store; `npm run test:socket` runs all of them so.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BEHIND_SOCKET } from '../support/http-app.js';

const RUN_TESTS = fileURLToPath(new URL('../run-tests.js', import.meta.url));
const FILES = [
  'http/append',
  'http/batch',
  'http/consultation-list',
  'http/failures',
  'http/feed.test',
  'http/idempotency',
  'http/past',
  'http/reads',
  'http/verify',
];

it('the HTTP API answers the same over a store behind a socket', async () => {
  // The variable by which a child would take itself for a part of this test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [RUN_TESTS, ...FILES], {
    env: { ...env, [BEHIND_SOCKET]: 'yes' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  assert.equal(exitCode, 0, output);
  assert.match(output, /pass [1-9]\d\d/);
});
