/** docs/LATENCY_BUDGET.md: stages, budgets and what was measured, from the files that the commands read and write. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STAGES, type Stage } from '../../src/ops/stage-timers.js';
import { figure } from '../harness/figure.js';
import { ROOT, readReport } from '../harness/report.js';
import { tableMarkdown } from '../harness/report-markdown.js';
import { surroundingsTable } from '../harness/report-tables.js';
import type { BenchmarkResult, Table } from '../harness/result.js';
import type { Budgets } from './budgets.js';
import { type Judged, judge } from './judge.js';
import { verdictTable } from './summary.js';

export const LATENCY_BUDGET_PATH = join(ROOT, 'docs', 'LATENCY_BUDGET.md');
/** Its result is shown here and not among the benchmarks: it measures the harness and not the service. */
const SELFTEST = 'selftest';

/** Where a stage begins and ends, in the code that times it. */
const STAGE_TEXTS: Readonly<Record<Stage, string>> = {
  ingest:
    'from when work on the body begins, at the end of its turn, until it is parsed and valid (`src/http/strict-body.ts`, `timing.ts`)',
  segment: 'the rules, the time and the id of an event (`src/store/append-plan.ts`)',
  hash: 'canonical form, encoding and both SHA-256 (`src/store/append-plan.ts`)',
  persist: 'from handing it to the log until its block is synced, waiting included (`src/store/appender.ts`)',
  total: 'the whole request',
};

/** Reads the results there are and writes the page anew. */
export async function writeLatencyBudget(
  budgets: Budgets,
  results: string,
  path = LATENCY_BUDGET_PATH,
): Promise<void> {
  await writeFile(path, latencyBudgetMarkdown(budgets, await resultsByName(budgets, results)));
}

/** The results in a directory that budgets ask for, and that of the self-test, by benchmark. */
export async function resultsByName(
  { budgets }: Budgets,
  directory: string,
): Promise<Map<string, BenchmarkResult>> {
  const names = [...new Set([...budgets.map(({ of }) => of.benchmark), SELFTEST])];
  const { results } = await readReport(names, directory);
  return new Map(results.map((result) => [result.benchmark, result]));
}

export function latencyBudgetMarkdown(
  budgets: Budgets,
  results: ReadonlyMap<string, BenchmarkResult>,
): string {
  const { judged } = judge(budgets, results, 'full');
  const append = results.get('append');
  const rest = judged.filter(({ budget }) => budget.stage === undefined);
  const stages = judged.filter(({ budget }) => budget.stage !== undefined);
  const sections = [
    tableMarkdown(stageTable(judged)),
    tableMarkdown(verdictTable(stages, 'Every limit of a stage')),
    tableMarkdown(verdictTable(rest, 'What else has a budget')),
    tableMarkdown(comparisonTable(budgets)),
    selfTest(results.get(SELFTEST)),
    ...(append === undefined ? [] : [tableMarkdown(surroundingsTable(append))]),
  ];
  return `# Latency budget

Made by \`npm run bench:check\` from [bench/budgets.json](../bench/budgets.json) and the results of the benchmarks; do not edit.
Who answers for a budget, and why it is what it is, stands there. \`GET /metrics\` has the same stages, under the same names, of a
service in production ([operating.md](operating.md)).

The plan is that of the first implementation; ours are those of the embedded store with fsync. Stages are timed by the
service itself, in every request; the total is the client's, from when a request was due.

${sections.join('\n\n')}
`;
}

function stageTable(judged: readonly Judged[]): Table {
  const limit = (stage: Stage, percentile: string, origin: string): string => {
    const found = judged.find(({ budget }) => {
      return budget.stage === stage && budget.percentile === percentile && budget.origin === origin;
    });
    return found === undefined ? '–' : `${figure(found.budget.fail)} ms`;
  };
  const measured = (stage: Stage, percentile: string): string => {
    const found = judged.filter(({ budget }) => {
      return budget.stage === stage && budget.percentile === percentile && budget.origin === 'ours';
    });
    const values = found.map(({ value }) => (value === undefined ? '–' : figure(value)));
    return values.every((value) => value === '–') ? 'not measured yet' : `${values.join(' / ')} ms`;
  };
  return {
    title: 'Stages',
    head: ['stage', 'what it is', 'plan p95', 'ours p95', 'ours p99', 'measured p95', 'measured p99'],
    rows: STAGES.map((stage) => [
      stage,
      STAGE_TEXTS[stage],
      limit(stage, 'p95', 'plan'),
      limit(stage, 'p95', 'ours'),
      limit(stage, 'p99', 'ours'),
      measured(stage, 'p95'),
      measured(stage, 'p99'),
    ]),
    note: 'Measured at 100 requests/s, and at half the maximum rate.',
  };
}

function comparisonTable({ comparison }: Budgets): Table {
  const rows = comparison.map(({ figure: name, warn, fail, owner, reason }) => {
    return [name, figure(fail), figure(warn), owner, reason];
  });
  return {
    title: 'How much slower a commit may be than another',
    head: ['time', 'fails beyond', 'warns beyond', 'owner', 'why'],
    rows,
    note: '`npm run bench:compare -- --base COMMIT` decides it: it fails only if the whole interval of the ratio is beyond.',
  };
}

function selfTest(result: BenchmarkResult | undefined): string {
  const title = '### Does the harness find what it should?';
  if (result === undefined) return `${title}\n\nNot run yet: \`npm run bench:selftest\`.`;
  const { findings, tables, command, started_at: startedAt } = result;
  const lines = findings.map((finding) => `- ${finding}`).join('\n');
  return [title, lines, ...tables.map(tableMarkdown), `\`${command}\`, ${startedAt}.`].join('\n\n');
}
