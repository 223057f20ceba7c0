import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise } from '../../bench/growth/summarise.js';
import { latency, medianOf, newHistogram, scalar } from '../../bench/harness/measures.js';
import type { CaseResult, Latency } from '../../bench/harness/result.js';
import { smokeResult } from './smoke.js';

const valid: CaseResult['validity'] = { status: 'valid', reasons: [] };

function times(p50Ms: number): Latency {
  const histogram = newHistogram();
  histogram.recordValue(p50Ms * 1000);
  return latency(histogram);
}

/** The rows of a store of so many events. */
function store(events: number, startMs: number, p50Ratio: number): CaseResult[] {
  const row = (kind: string, measures: CaseResult['measures']): CaseResult => ({
    name: `${kind} ${events}`,
    process: 'p',
    parameters: { kind, events },
    durability: 'memory',
    validity: valid,
    measures,
  });
  return [
    row('start', {
      start: medianOf([startMs - 5, startMs, startMs + 100], 'ms'),
      resident_after_serving: scalar(200, 'MiB'),
    }),
    row('append', {
      latency: times(1),
      p50_over_empty: scalar(p50Ratio, ''),
      p95_over_empty: scalar(1.15, ''),
    }),
    row('state of 100 events', { again: times(1), changed: times(3) }),
    row('recovery', { recovery: scalar(2000, 'ms') }),
  ];
}

test('judges the largest size by the limits, the limit itself included, and nothing that was not measured', () => {
  const kept = (startMs: number) => {
    const { checks = [] } = summarise([...store(1000, startMs, 1), ...store(100, 99_999, 1)]);
    return new Map(checks.map((check) => [check.what, check.kept]));
  };
  assert.equal(kept(1000).get('start, from the process to listening (median)'), true);
  assert.equal(kept(1001).get('start, from the process to listening (median)'), false);
  assert.equal(kept(1000).get('start after kill -9, with a journal to recover (median)'), true);
  assert.equal(kept(1000).get('resident memory after serving'), true);
  assert.equal(kept(1000).get('state of 100 events, read again, p50'), true);
  assert.equal(kept(1000).get('state of 100 events, after one more event, p50'), false);
  assert.equal(kept(1000).get('state of 5000 events, read again, p50'), null);
});

test('finds how much a figure grows with each tenfold of events, and gates on that of appends', () => {
  const sizes = (p50Ratios: readonly number[]) =>
    summarise(p50Ratios.flatMap((ratio, index) => store(100 * 10 ** index, 600 + 100 * index, ratio)));
  const gate = 'append p50 over that of an empty store, more with each tenfold of the store';
  const steady = sizes([1, 1.02, 1.01]);
  assert.equal(steady.derived?.slope_start?.value.toFixed(3), '100.000');
  assert.equal(steady.checks?.find(({ what }) => what === gate)?.kept, true);
  assert.equal(sizes([1, 1.2, 1.4]).checks?.find(({ what }) => what === gate)?.kept, false);
  const [first = []] = [store(100, 600, 1)];
  assert.deepEqual(summarise(first).derived, {}, 'one size has no slope');
});

test('a case that is not valid is no part of any figure', () => {
  const rows = store(1000, 9999, 9).map((row) => ({
    ...row,
    validity: { status: 'invalid' as const, reasons: ['x'] },
  }));
  const { checks = [] } = summarise([...store(100, 600, 1), ...rows]);
  assert.equal(checks.find(({ what }) => what.startsWith('start'))?.measured, 600);
});

test('the growth benchmark measures stores and consultations of every size', async (t) => {
  const { cases, charts } = await smokeResult(t, 'growth');
  const starts = cases.filter(({ parameters }) => parameters.kind === 'start');
  assert.deepEqual(
    starts.map(({ parameters }) => parameters.events),
    [100, 3000],
  );
  const lengths = cases.filter(({ parameters }) => parameters.kind === 'append to one');
  assert.deepEqual(
    lengths.map(({ parameters }) => parameters.length),
    [100, 1000],
  );
  const changed = cases.find(({ name }) => name === 'state of 100 events, 3,000 events')?.measures;
  assert.deepEqual(Object.keys(changed ?? {}).sort(), ['again', 'changed', 'from_events', 'from_snapshot']);
  for (const { name, durability } of cases.filter(({ name }) => name.startsWith('append'))) {
    assert.equal(durability, 'fsync', name);
  }
  assert.ok(charts.every(({ series }) => series.some(({ points }) => points.length > 0)));
});
