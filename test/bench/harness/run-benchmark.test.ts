import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { histogramOf, scalarValue } from '../../../bench/harness/measures.js';
import { RESULTS } from '../../../bench/harness/report.js';
import { publishedSchema, readResult } from '../../../bench/harness/result.js';
import { terminalReport, writeResult } from '../../../bench/harness/run-as-main.js';
import { runBenchmark } from '../../../bench/harness/run-benchmark.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { benchmark } from './sample.bench.js';

const module = new URL('./sample.bench.js', import.meta.url).href;

async function run(directory: string, only: string, signal?: AbortSignal) {
  const options = {
    size: 'smoke',
    seed: 7,
    corpus: [],
    own: { only, pidFile: join(directory, 'pid') },
  } as const;
  const common = { benchmark, module, options, directory, command: 'npm run bench:sample' };
  const onProgress = () => undefined;
  return runBenchmark(signal ? { ...common, onProgress, signal } : { ...common, onProgress });
}

test('a case is measured in a process of its own, with a clean environment', async (t) => {
  process.env.SAMPLE_SECRET = 'secret';
  t.after(() => delete process.env.SAMPLE_SECRET);
  const directory = await temporaryDirectory(t);
  const result = await run(directory, 'measures');
  const [first, second] = result.cases;
  assert.equal(first?.name, 'fsync, yes, undefined');
  assert.deepEqual(first?.validity, { status: 'valid', reasons: [] });
  assert.deepEqual(second?.validity, { status: 'invalid', reasons: ['it was late'] });
  assert.notEqual(scalarValue(first?.measures.pid), process.pid);
  const { time } = first?.measures ?? {};
  assert.ok(time?.kind === 'latency');
  assert.equal(time.uncorrected.p50, 500);
  assert.equal(time.uncorrected.p99, 990);
  assert.equal(time.uncorrected.p99_9, null, 'one sample lies beyond it');
  assert.equal(histogramOf(time.uncorrected).totalCount, 1000);
  assert.deepEqual(await readdir(directory), [], 'nothing is left behind');
  assert.match(terminalReport(result), /memory, yes, undefined is invalid: it was late/);

  const path = join(directory, 'results', 'sample.json');
  await writeResult(path, result);
  assert.deepEqual(await readResult(path), result);
});

test('a case that skips, throws, exits or hangs is a row that says so', async (t) => {
  const directory = await temporaryDirectory(t);
  const result = await run(directory, 'all');
  const byName = Object.fromEntries(result.cases.map(({ name, validity }) => [name, validity]));
  assert.deepEqual(byName.skips, { status: 'skipped', reasons: ['there is no bun here'] });
  assert.match(byName.throws?.reasons[0] ?? '', /it broke/);
  assert.match(byName.exits?.reasons[0] ?? '', /ended with 3: it said why/);
  assert.deepEqual(byName.hangs, { status: 'invalid', reasons: ['not done within 6 s'] });
  assert.ok(result.findings.includes('There are 6 rows.'));
  const pid = Number(await readFile(join(directory, 'pid'), 'utf8'));
  assert.ok(pid > 0);
  // The kernel ends a killed process in its own time; the test ends by its time limit if it never does.
  while (await isRunning(pid)) await setImmediate();
});

/** A killed process stays in the table until somebody asks for its exit code. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !stat.includes(') Z ');
}

test('bench/results/result.schema.json is the schema that results are checked with', async () => {
  assert.equal(await readFile(join(RESULTS, 'result.schema.json'), 'utf8'), publishedSchema());
});
