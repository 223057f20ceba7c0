/**
 * Runs all benchmarks one after another, each as its own command, and writes the report.
 *
 * `npm run bench`, `npm run bench:smoke`, and `npm run bench:report`, which only writes the report anew.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { BENCHMARKS, REPORTED } from './benchmarks.js';
import { REPORT_PATHS, type ReportPaths, writeReport } from './harness/report.js';
import { readBudgets } from './verdicts/budgets.js';
import { writeLatencyBudget } from './verdicts/latency-budget.js';

interface Flags {
  smoke?: true;
  only: string[];
  corpus: string[];
  dataDir: string;
  reportOnly?: true;
  outputDir?: string;
}

async function runOne(name: string, results: string, flags: Flags): Promise<boolean> {
  const program = fileURLToPath(new URL(`./${name}.bench.js`, import.meta.url));
  const args = [
    ...['--output', join(results, `${name}.json`), '--data-dir', flags.dataDir],
    ...(flags.smoke ? ['--smoke'] : []),
    ...(flags.corpus.length > 0 ? ['--corpus', ...flags.corpus] : []),
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** Smoke results go where --output-dir says, or nowhere: they are no figures. */
async function run(flags: Flags): Promise<void> {
  const scratch = flags.smoke ? await mkdtemp(join(flags.dataDir, 'fi-consult-bench-results-')) : undefined;
  const folder = flags.outputDir ?? scratch;
  const paths: ReportPaths =
    folder === undefined
      ? REPORT_PATHS
      : { results: folder, markdown: join(folder, 'BENCHMARKS.md'), html: join(folder, 'report.html') };
  const names = BENCHMARKS.filter((name) => flags.only.length === 0 || flags.only.includes(name));
  const failed: string[] = [];
  try {
    for (const name of flags.reportOnly ? [] : names) {
      process.stdout.write(`\n${name}\n`);
      if (!(await runOne(name, paths.results, flags))) failed.push(name);
    }
    await writeReport(REPORTED, paths);
    if (folder === undefined) await writeLatencyBudget(await readBudgets(), paths.results);
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true });
  }
  if (failed.length > 0) {
    process.stderr.write(`failed: ${failed.join(', ')}\n`);
    process.exitCode = 1;
  }
}

const program = new Command('bench')
  .description(
    `Runs all benchmarks (${BENCHMARKS.join(', ')}) and writes docs/BENCHMARKS.md and the HTML report.`,
  )
  .option('--smoke', 'small and short: shows that they work; their figures mean nothing')
  .option('--only <names...>', 'these only', [])
  .option('--corpus <files...>', 'NDJSON of consultations, as for import; otherwise synthetic ones', [])
  .option(
    '--data-dir <directory>',
    'where scratch directories are made: the file system under test',
    tmpdir(),
  )
  .option('--output-dir <directory>', 'results and report go there')
  .option('--report-only', 'runs nothing: writes the report from the results that there are');
await run(program.parse().opts<Flags>());
