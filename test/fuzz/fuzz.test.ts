/** A small run of the fuzzer; `npm run test:fuzz` has the long ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSeed } from '../domain/test-seed.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { fuzz } from './fuzz-run.js';

const INPUTS = 400;

test('answers whatever comes as documented, keeps what it accepted and nothing else', async (t) => {
  const directory = await temporaryDirectory(t);
  const report = await fuzz({ inputs: INPUTS, seed: testSeed(t), directory });
  assert.deepEqual(report.faults, []);
  assert.equal(report.inputs, INPUTS);
  // The run has seen all kinds of answers, or it has shown nothing.
  for (const status of ['200', '201', '404', '422']) {
    assert.ok(
      [...report.answers.keys()].some((outcome) => outcome.startsWith(status)),
      status,
    );
  }
  assert.ok(report.acceptedEvents > 10);
});
