import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { latency, medianOf, newHistogram, scalar } from '../../../bench/harness/measures.js';
import { RESULTS } from '../../../bench/harness/report.js';
import type { BenchmarkResult, CaseResult } from '../../../bench/harness/result.js';
import { writeResult } from '../../../bench/harness/run-as-main.js';
import { type Budget, type Budgets, checkedBudgets, readBudgets } from '../../../bench/verdicts/budgets.js';
import { type Judged, judge } from '../../../bench/verdicts/judge.js';
import { junitXml } from '../../../bench/verdicts/junit.js';
import {
  LATENCY_BUDGET_PATH,
  latencyBudgetMarkdown,
  resultsByName,
} from '../../../bench/verdicts/latency-budget.js';
import { breachedStage } from '../../../bench/verdicts/profile-breach.js';
import { STAGES } from '../../../src/ops/stage-timers.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { sampleResult } from './sample-result.js';

const CHECK = fileURLToPath(new URL('../../../bench/check.js', import.meta.url));

const BUDGET: Budget = {
  id: 'total-p95',
  what: 'total <p95>',
  origin: 'ours',
  of: { benchmark: 'append', cases: ['service'], measure: 'latency', figure: 'p95' },
  unit: 'ms',
  limit: 'at_most',
  sizes: ['full'],
  warn: 6,
  fail: 8,
  owner: 'src/http',
  reason: 'Because.',
};

function budgets(...changes: Partial<Budget>[]): Budgets {
  const list = changes.map((change, index) => ({ ...BUDGET, id: `b-${index}`, ...change }));
  return checkedBudgets({ schema_version: 1, budgets: list, comparison: [] });
}

function row(
  measures: CaseResult['measures'],
  status: CaseResult['validity']['status'] = 'valid',
): CaseResult {
  const validity = { status, reasons: status === 'valid' ? [] : ['it was late'] };
  return { name: 'service', process: 'p', parameters: {}, durability: 'fsync', validity, measures };
}

/** Latencies from 1 µs on, evenly, so that p95 is at 95 % of the highest. */
function even(highestMs: number, count = 10_000) {
  const histogram = newHistogram();
  for (let index = 1; index <= count; index += 1)
    histogram.recordValue(Math.round((highestMs * 1000 * index) / count));
  return latency(histogram);
}

function verdictsOf(list: Budgets, result: BenchmarkResult): string[] {
  const { judged } = judge(list, new Map([[result.benchmark, result]]), 'full');
  return judged.map(({ verdict, warns }) => (warns ? `${verdict}, warns` : verdict));
}

test('a percentile fails only if the run leaves no doubt that it is beyond its limit', () => {
  const at = (p95Ms: number, count?: number): string[] => {
    const result = sampleResult('append', [row({ latency: even(p95Ms / 0.95, count) })]);
    return verdictsOf(budgets({}), result);
  };
  assert.deepEqual(at(4), ['pass']);
  assert.deepEqual(at(7), ['pass, warns']);
  assert.deepEqual(at(8), ['inconclusive, warns']);
  assert.deepEqual(at(9), ['fail, warns']);
  assert.deepEqual(at(9, 100), ['inconclusive'], 'five samples beyond are too few');
});

test('a median of rounds fails only if all rounds are beyond its limit', () => {
  const rate: Partial<Budget> = {
    of: { benchmark: 'append', cases: ['service'], measure: 'rate', figure: 'value' },
    unit: 'requests/s',
    limit: 'at_least',
    warn: 200,
    fail: 100,
  };
  const at = (...rounds: number[]): string[] =>
    verdictsOf(budgets(rate), sampleResult('append', [row({ rate: medianOf(rounds, 'requests/s') })]));
  assert.deepEqual(at(300, 310, 320, 330, 340), ['pass']);
  assert.deepEqual(at(150, 151, 152, 153, 154), ['pass, warns']);
  assert.deepEqual(at(90, 80, 70, 95, 120), ['inconclusive, warns']);
  assert.deepEqual(at(90, 80, 70, 95, 99), ['fail, warns']);
});

test('what was not run, or must not be quoted, is not decided and is no pass', () => {
  const list = budgets({});
  assert.deepEqual(verdictsOf(list, sampleResult('growth', [])), ['inconclusive']);
  assert.deepEqual(verdictsOf(list, sampleResult('append', [])), ['inconclusive']);
  const late = sampleResult('append', [row({ latency: even(1) }, 'invalid')]);
  const { verdict, judged } = judge(list, new Map([['append', late]]), 'full');
  assert.equal(verdict, 'inconclusive');
  assert.match(judged[0]?.why ?? '', /it was late/);
  const smoke = { ...sampleResult('append', [row({ latency: even(1) })]), size: 'smoke' as const };
  assert.deepEqual(verdictsOf(list, smoke), ['inconclusive'], 'figures of smoke runs mean nothing');
});

test('errors break their budget although they make the run invalid', () => {
  const errors: Partial<Budget> = {
    of: { benchmark: 'append', cases: ['service'], measure: 'error_share', figure: 'value' },
    unit: '',
    warn: 0,
    fail: 0,
    counts_invalid: true,
  };
  const at = (share: number): string[] => {
    return verdictsOf(
      budgets(errors),
      sampleResult('append', [row({ error_share: scalar(share, '') }, 'invalid')]),
    );
  };
  assert.deepEqual(at(0), ['pass']);
  assert.deepEqual(at(0.001), ['fail, warns']);
});

test('budgets that make no sense are refused, by name', () => {
  assert.throws(() => budgets({ warn: 9 }), /b-0 would fail before it warns/);
  assert.throws(() => budgets({ id: 'x' }, { id: 'x' }), /two budgets x/);
  assert.throws(
    () => checkedBudgets({ schema_version: 1, budgets: [{}], comparison: [] }),
    /not budgets: \/budgets\/0/,
  );
  assert.throws(() => checkedBudgets({ ...budgets(), more: 1 }), /not budgets/);
});

test('bench/budgets.json has the limits of the plan and ours for every stage, and compares each', async () => {
  const { budgets: list, comparison } = await readBudgets();
  for (const stage of STAGES) {
    for (const origin of ['plan', 'ours']) {
      const found = list.find((budget) => {
        return budget.stage === stage && budget.origin === origin && budget.percentile === 'p95';
      });
      assert.ok(found, `${origin} ${stage}`);
    }
    assert.ok(comparison.some(({ figure }) => figure === stage));
  }
});

test('JUnit is well-formed and counts what is in it', async (t) => {
  const list = budgets({}, { what: 'a & "b" \u0001' }, { of: { benchmark: 'growth', derived: 'x' } });
  const result = sampleResult('append', [row({ latency: even(20) })]);
  const xml = junitXml(judge(list, new Map([['append', result]]), 'full'));
  assert.match(xml, /<testsuites name="budgets" tests="3" failures="2" errors="0" skipped="1">/);
  assert.equal(xml.match(/<testcase /g)?.length, 3);
  assert.match(xml, /total &lt;p95&gt; \(service\): 19\.01 ms; at most 8 ms/);
  const directory = await temporaryDirectory(t);
  const path = join(directory, 'budgets.xml');
  await writeFile(path, xml);
  const parse =
    'import sys, xml.dom.minidom as m; print(len(m.parse(sys.argv[1]).getElementsByTagName("failure")))';
  const { code, stdout } = await run('/usr/bin/python3', ['-c', parse, path]);
  if (code === 'ENOENT') t.diagnostic('not parsed by somebody else: there is no /usr/bin/python3');
  else assert.equal(stdout, '2\n');
});

interface Ended {
  code: number | string;
  stdout: string;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout) => resolve({ code: error?.code ?? 0, stdout }));
  });
}

async function checkOf(
  t: TestContext,
  list: Budgets,
  flags: readonly string[],
  ...results: BenchmarkResult[]
): Promise<Ended & { directory: string }> {
  const directory = await temporaryDirectory(t);
  for (const result of results) await writeResult(join(directory, `${result.benchmark}.json`), result);
  await writeFile(join(directory, 'budgets.json'), JSON.stringify(list));
  const args = [
    '--results',
    directory,
    '--budgets',
    join(directory, 'budgets.json'),
    '--output-dir',
    directory,
  ];
  return { ...(await run(process.execPath, [CHECK, ...args, ...flags])), directory };
}

test('a broken budget of a stage is profiled: the stage that is furthest beyond, and the total only by itself', () => {
  const of = (...changes: [Partial<Budget>, Judged['verdict'], number][]) =>
    breachedStage({
      verdict: 'fail',
      judged: changes.map(([change, verdict, value]) => {
        return { budget: { ...BUDGET, ...change }, place: 'service', verdict, warns: false, value, why: '' };
      }),
    });
  const [hash, persist, total] = [{ stage: 'hash' }, { stage: 'persist' }, { stage: 'total' }] as const;
  assert.equal(of([hash, 'fail', 9], [persist, 'fail', 80], [total, 'fail', 800]), 'persist');
  assert.equal(of([hash, 'pass', 900], [total, 'fail', 9]), undefined);
  assert.equal(of([{}, 'fail', 9], [hash, 'inconclusive', 9]), null);
});

test('bench:check takes a profile of the stage that broke its budget', async (t) => {
  const broken: Partial<Budget> = { stage: 'hash', warn: 1, fail: 1 };
  const result = sampleResult('append', [row({ latency: even(10) })]);
  const { code, stdout, directory } = await checkOf(t, budgets(broken), ['--profile-seconds', '0.5'], result);
  assert.equal(code, 1);
  assert.match(stdout, /^profile of hash: .*breach-hash\/top\.md$/m);
  assert.match(await readFile(join(directory, 'breach-hash', 'top.md'), 'utf8'), /hash/);
});

test('bench:check exits by its verdict, and says what is broken and who answers for it', async (t) => {
  const result = sampleResult('append', [row({ latency: even(10) })]);
  const kept = await checkOf(t, budgets({ warn: 10, fail: 20 }), [], result);
  assert.equal(kept.code, 0);
  const broken = await checkOf(t, budgets({}), [], result);
  assert.equal(broken.code, 1);
  assert.match(
    broken.stdout,
    /BROKEN: total <p95> \(service\): 9\.5\d* ms; at most 8 ms.*src\/http answers for it/,
  );
  const undecided = await checkOf(t, budgets({ of: { benchmark: 'growth', derived: 'x' } }), [], result);
  assert.equal(undecided.code, 2);
  assert.match(undecided.stdout, /not decided: b-0: there is no full run of bench:growth/);
});

test('bench:check leaves JUnit, a summary with what failed first, and one more line of history each time', async (t) => {
  const result = sampleResult('append', [row({ latency: even(10) })]);
  const { directory } = await checkOf(t, budgets({ warn: 10, fail: 20 }, {}), [], result);
  assert.match(await readFile(join(directory, 'budgets.xml'), 'utf8'), /failures="1"/);
  const summary = await readFile(join(directory, 'budgets.md'), 'utf8');
  assert.match(summary, /^# Budgets: fail\n/);
  assert.ok(summary.indexOf('**broken**') < summary.indexOf('| kept |'));
  const args = [
    '--results',
    directory,
    '--budgets',
    join(directory, 'budgets.json'),
    '--output-dir',
    directory,
  ];
  await run(process.execPath, [CHECK, ...args]);
  const lines = (await readFile(join(directory, 'history.ndjson'), 'utf8')).trim().split('\n');
  assert.equal(lines.length, 2);
  const { verdict, figures } = JSON.parse(lines[0] ?? '') as { verdict: string; figures: unknown[] };
  assert.equal(verdict, 'fail');
  assert.equal(figures.length, 2);
});

test('the latency budget shows what was measured at each rate beside its limits, and what the self-test found', () => {
  const of: Budget['of'] = { benchmark: 'append', cases: ['slow', 'half'], measure: 'hash', figure: 'value' };
  const list = budgets(
    { stage: 'hash', percentile: 'p95', of, warn: 0.4, fail: 0.5 },
    { stage: 'hash', percentile: 'p95', of, origin: 'plan', warn: 100, fail: 150 },
  );
  const append = sampleResult('append', [
    { ...row({ hash: scalar(30, 'us') }), name: 'slow' },
    { ...row({ hash: scalar(900, 'us') }), name: 'half' },
  ]);
  const table = { title: 'Tried', head: ['', 'n'], rows: [['hash 10 % slower', '97']], note: '' };
  const selftest = {
    ...sampleResult('selftest', []),
    findings: ['12 of 13 promises are kept.'],
    tables: [table],
  };
  const results = new Map([append, selftest].map((result) => [result.benchmark, result]));
  const page = latencyBudgetMarkdown(list, results);
  assert.match(page, /\| hash \| .* \| 150 ms \| 0\.5 ms \| – \| 0\.03 \/ 0\.9 ms \| not measured yet \|/);
  assert.match(
    page,
    /\| total <p95> \| half \| 0\.9 ms \| at most 0\.5 ms \| 0\.4 \| ours \| \*\*broken\*\* \|/,
  );
  assert.match(page, /- 12 of 13 promises are kept\./);
  assert.match(page, /\| hash 10 % slower \| 97 \|/);
});

test('docs/LATENCY_BUDGET.md is what the budgets and the results give', async () => {
  const list = await readBudgets();
  const page = latencyBudgetMarkdown(list, await resultsByName(list, RESULTS));
  assert.equal(await readFile(LATENCY_BUDGET_PATH, 'utf8'), page);
});
