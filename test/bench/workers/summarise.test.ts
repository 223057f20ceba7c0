import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalar } from '../../../bench/harness/measures.js';
import type { CaseResult } from '../../../bench/harness/result.js';
import { summarise } from '../../../bench/workers/summarise.js';

/** One run; times of the service in µs a request, by the name of their measure. */
function row(
  work: string,
  workers: number,
  rate: number,
  times: Readonly<Record<string, number>>,
): CaseResult {
  const spent = Object.entries(times).reduce((sum, [name, us]) => sum + (/threads/.test(name) ? us : 0), 0);
  return {
    name: `${work}, ${workers}`,
    process: `${workers}`,
    parameters: { work, workers, processes: workers + 1, run: 1 },
    durability: 'fsync',
    validity: { status: 'valid', reasons: [] },
    measures: {
      throughput: scalar(rate, 'requests/s', 'higher'),
      cpu: scalar((spent * rate) / 1e6, 'cores', 'lower'),
      generator_us: scalar(spent / 4, 'us'),
      cores: scalar(2, 'cores'),
      ...Object.fromEntries(Object.entries(times).map(([name, us]) => [name, scalar(us, 'us', 'lower')])),
    },
  };
}

const one = { process_main_us: 100, process_threads_us: 125 };
const apart = { store_main_us: 25, store_threads_us: 40, workers_main_us: 75, workers_threads_us: 85 };
const appends = [row('appends', 0, 8000, one), row('appends', 2, 12_800, apart)];
const reads = [
  row('reads', 0, 8000, one),
  row('reads', 2, 8000, { ...apart, store_main_us: 5, store_threads_us: 5 }),
];

test('derives what a request takes, where the store is full, and how many workers to have', () => {
  const { derived = {}, tables = [], charts = [], findings } = summarise([...reads, ...appends]);
  const value = (name: string): number | undefined => derived[name]?.value;
  assert.equal(value('appends_store_main_us'), 25);
  assert.equal(value('appends_worker_threads_us'), 85);
  assert.equal(value('appends_process_main_us'), 100);
  assert.equal(value('appends_threads_over_one_process'), 1);
  assert.equal(value('appends_generator_share')?.toFixed(6), '0.200000');
  assert.equal(value('appends_store_saturates_at'), 40_000);
  assert.equal(value('appends_workers_to_saturate'), 3);
  assert.equal(value('appends_recommended_workers_2_cores'), 2);
  assert.equal(value('appends_modelled_recommended_2_cores'), 16_000);
  assert.equal(value('appends_recommended_workers_16_cores'), 3);
  assert.equal(value('appends_modelled_one_process_16_cores'), 10_000);
  assert.equal(value('appends_automatic_over_best_8_cores'), 1);
  assert.equal(value('reads_recommended_workers_16_cores'), 13);
  assert.equal(value('mixed_store_main_us'), 15);
  assert.equal(value('mixed_measured_over_modelled'), undefined, 'the half of each was not measured');
  assert.ok(Object.values(derived).every((figure) => Number.isFinite(figure.value)));
  assert.deepEqual([tables.length, charts.length], [4, 3]);
  assert.ok(tables.every(({ head, rows }) => rows.every((cells) => cells.length === head.length)));
  const rule = findings.find((finding) => finding.startsWith('FI_WORKERS=auto')) ?? '';
  assert.match(rule, /except for .*appends on 2 cores/);
  assert.doesNotMatch(rule, /; appends on 8 cores/);
  assert.match(rule, /reads on 16 cores/);
});

test('compares this machine with the model after it has taken off what the load generator used', () => {
  const { tables, derived, findings } = summarise(appends);
  const table = tables?.find(({ head }) => head.includes('measured over modelled'));
  // One process: 10,000 by its main thread. Two workers: 125 µs a request of 2 cores without 31.25 × 12,800 µs.
  assert.deepEqual(
    table?.rows.map((cells) => cells.at(-1)),
    ['0.8', '1'],
  );
  assert.equal(derived?.appends_measured_over_modelled?.value.toFixed(6), '0.900000');
  assert.ok(
    findings.some((finding) => finding.startsWith('appends: this machine answered 0.8 to 1 of what')),
  );
});

test('says that the rule of FI_WORKERS agrees where it does', () => {
  const times = {
    ...apart,
    store_main_us: 60,
    store_threads_us: 60,
    workers_main_us: 40,
    workers_threads_us: 40,
  };
  const { findings } = summarise([row('appends', 0, 8000, one), row('appends', 2, 9000, times)]);
  assert.ok(
    findings.some((finding) => /is within 5 % of the modelled best on 2, 4, 8, 16 cores\.$/.test(finding)),
  );
});

test('models nothing from times that were not all measured, nor from cases that must not be quoted', () => {
  const { store_threads_us: _, ...partly } = apart;
  const measured = appends[1] as CaseResult;
  const invalid: CaseResult = { ...measured, validity: { status: 'invalid', reasons: ['busy'] } };
  for (const second of [row('appends', 2, 12_800, partly), invalid]) {
    const { derived = {}, tables = [], findings } = summarise([appends[0] as CaseResult, second]);
    assert.equal(Object.keys(derived).filter((name) => /recommended|saturate/.test(name)).length, 0);
    assert.ok(Object.hasOwn(derived, 'appends_generator_us'));
    assert.equal(tables.length, 1);
    assert.ok(findings.every((finding) => !finding.includes('model')));
  }
});
