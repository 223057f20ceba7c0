import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GrowthResult } from '../../bench/growth/document.js';
import type { StageResult, Times } from '../../bench/growth/measure-stage.js';
import { slopesOf, verdictsOf } from '../../bench/growth/verdicts.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const PROGRAM = fileURLToPath(new URL('../../bench/growth.bench.js', import.meta.url));

const times = (p50: number): Times => ({ count: 1, p50, p95: 2 * p50, p99: 3 * p50 });

function stage(events: number, startMs: number, ratio: number): StageResult {
  return {
    events,
    starts: [startMs - 5, startMs, startMs + 100].map((each) => ({ startMs: each, storeMs: 1 })),
    memoryAfterStart: undefined,
    memoryAfterServing: { resident: 250, anonymous: 200, file: 50 },
    appends: { filled: times(1), empty: times(1), p95Ratios: [ratio, ratio + 1, ratio - 1] },
    states: {},
    shortStates: times(1),
    pages: {},
  };
}

test('judges medians by their budgets, the budget itself included, and nothing that was not measured', () => {
  const kept = verdictsOf(stage(100, 1500, 1.15)).map(({ isMet }) => isMet);
  assert.deepEqual(kept.slice(0, 3), [true, true, true]);
  assert.ok(kept.slice(3).every((isMet) => isMet === undefined));
  const exceeded = verdictsOf(stage(100, 1501, 1.16)).map(({ isMet }) => isMet);
  assert.deepEqual(exceeded.slice(0, 3), [false, true, false]);
});

test('finds how much a figure grows with each tenfold of events', () => {
  const stages = [stage(100, 600, 1), stage(1000, 700, 1), stage(10_000, 800, 1)];
  const start = slopesOf(stages).find(({ what }) => what === 'start');
  assert.ok(Math.abs((start?.perTenfold ?? 0) - 100) < 1e-9);
  assert.deepEqual(slopesOf(stages.slice(0, 1)), []);
});

test('measures the real service at two small sizes, and writes what it found', async (t) => {
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'growth.json');
  const document = join(directory, 'GROWTH.md');
  const args = ['--smoke', '--from', '1000', '--output', output, '--document', document];
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH },
  });
  assert.match(stdout, /^at 10,0\d\d events$/m);
  const { stages, verdicts } = JSON.parse(await readFile(output, 'utf8')) as GrowthResult;
  assert.deepEqual(
    stages.map(({ events }) => events),
    [1000, 10_000],
  );
  for (const { appends, starts, shortStates } of stages) {
    assert.ok(appends.filled.count > 0 && appends.filled.count === appends.empty.count);
    assert.ok(starts.every(({ startMs, storeMs }) => startMs > storeMs && storeMs > 0));
    assert.ok(shortStates.count > 0);
  }
  assert.ok((stages[1]?.states[100]?.fromSnapshot.count ?? 0) > 0);
  const text = await readFile(document, 'utf8');
  for (const { what } of verdicts) assert.ok(text.includes(what), what);
});
