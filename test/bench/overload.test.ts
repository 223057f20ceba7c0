import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scalarValue } from '../../bench/harness/measures.js';
import type { BenchmarkResult } from '../../bench/harness/result.js';
import { makeBursts } from '../../bench/overload/bursts.js';
import { priorityOfBytes } from '../../src/domain/priority.js';
import { FrameReader } from '../../src/http/admission/request-frame.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const PROGRAM = fileURLToPath(new URL('../../bench/overload.bench.js', import.meta.url));

for (const events of [1, 25]) {
  test(`sends bursts of plain requests of ${events} events, of which it knows which are critical`, () => {
    sendsPlainRequests(events);
  });
}

function sendsPlainRequests(events: number): void {
  const ids = ['01a1f9c5-f834-73b3-b4f2-51924fdb4496'];
  const body = JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload: {}, user_id: 'dr' });
  const bursts = makeBursts(ids, [body], { seed: 1, size: 16, criticalShare: 0.05, events });
  const frame = new FrameReader();
  let criticalCount = 0;
  for (const { bytes, critical } of bursts) {
    let at = 0;
    for (const isCritical of critical) {
      assert.equal(frame.read(bytes, at), 'whole');
      assert.ok(frame.isAppend);
      const priority = priorityOfBytes(bytes, frame.bodyStart, frame.end);
      assert.equal(priority === 'critical', isCritical);
      if (isCritical) criticalCount += 1;
      at = frame.end;
    }
    assert.equal(at, bytes.length);
  }
  const share = criticalCount / (16 * bursts.length);
  assert.ok(share > 0.04 && share < 0.06, `${share}`);
}

test('floods the real service, which answers every request, and accounts for each', async (t) => {
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'overload.json');
  await promisify(execFile)(process.execPath, [PROGRAM, '--smoke', '--output', output], {
    env: { PATH: process.env.PATH },
  });
  const { cases } = JSON.parse(await readFile(output, 'utf8')) as BenchmarkResult;
  assert.equal(cases.length, 2);
  for (const { validity, measures } of cases) {
    // Valid means that none failed and none was left without an answer.
    assert.deepEqual(validity, { status: 'valid', reasons: [] });
    const value = (name: string) => scalarValue(measures[name]) ?? Number.NaN;
    assert.ok(value('maximum') > 0 && value('accepted') > 0);
    assert.ok(value('offered') > value('accepted'));
  }
});
