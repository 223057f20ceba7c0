/**
 * `npm run bench:check`: holds the last results against bench/budgets.json.
 *
 * Exits with 0 if all are kept, with 1 if one is broken, and with 2 if none is broken but not all could be decided. It
 * writes JUnit XML, a page of Markdown and a line of history, and docs/LATENCY_BUDGET.md anew. When a stage breaks its
 * budget, it profiles that stage. With --smoke it runs the small append benchmark itself, and holds only to what a busy
 * machine cannot break by chance.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Size } from './harness/benchmark.js';
import { RESULTS, ROOT } from './harness/report.js';
import { commitText, machineLine, surroundings } from './harness/surroundings.js';
import { BUDGETS_PATH, type Budgets, readBudgets } from './verdicts/budgets.js';
import type { Verdict } from './verdicts/comparison.js';
import { addToHistory, HISTORY_PATH, historyLine } from './verdicts/history.js';
import { type Judgement, judge } from './verdicts/judge.js';
import { junitXml, sentenceOf } from './verdicts/junit.js';
import { resultsByName, writeLatencyBudget } from './verdicts/latency-budget.js';
import { breachedStage, profileBreach } from './verdicts/profile-breach.js';
import { summaryMarkdown } from './verdicts/summary.js';

const EXIT_CODES: Readonly<Record<Verdict, number>> = { pass: 0, fail: 1, inconclusive: 2 };
/** What a smoke check runs: the one benchmark whose small size has every stage in it. */
const SMOKE_BENCHMARK = 'append';
/** A machine that stalls breaks a smoke run once; a change that is too slow breaks it every time. */
const SMOKE_TRIES = 3;

interface Flags {
  smoke?: true;
  results: string;
  budgets: string;
  outputDir?: string;
  dataDir: string;
  profileSeconds: number;
}

/** Runs a benchmark in its smoke size and says whether it could; what it prints goes to the terminal. */
async function runSmoke(results: string, dataDir: string): Promise<boolean> {
  const program = fileURLToPath(new URL(`./${SMOKE_BENCHMARK}.bench.js`, import.meta.url));
  const output = join(results, `${SMOKE_BENCHMARK}.json`);
  const args = [program, '--smoke', '--output', output, '--data-dir', dataDir];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** Of the first run that breaks nothing, or of the last. */
async function smokeJudgement(budgets: Budgets, results: string, dataDir: string): Promise<Judgement> {
  for (let tried = 1; ; tried += 1) {
    const hasRun = await runSmoke(results, dataDir);
    if (!hasRun && tried < SMOKE_TRIES) continue;
    if (!hasRun) throw new Error(`bench:${SMOKE_BENCHMARK} could not be run ${SMOKE_TRIES} times`);
    const judgement = judge(budgets, await resultsByName(budgets, results), 'smoke');
    if (judgement.verdict !== 'fail' || tried === SMOKE_TRIES) return judgement;
  }
}

async function check(flags: Flags, results: string): Promise<Verdict> {
  const size: Size = flags.smoke ? 'smoke' : 'full';
  const budgets = await readBudgets(flags.budgets);
  const judgement = flags.smoke
    ? await smokeJudgement(budgets, results, flags.dataDir)
    : judge(budgets, await resultsByName(budgets, results), size);
  const around = surroundings(results);
  const about = `Commit ${commitText(around)}, ${around.started_at}, ${size} size, on ${machineLine(around)}.`;
  const folder = flags.outputDir ?? (flags.smoke ? undefined : join(RESULTS, 'check'));
  if (folder !== undefined) {
    const history = flags.outputDir === undefined ? HISTORY_PATH : join(folder, 'history.ndjson');
    await write(join(folder, 'budgets.xml'), junitXml(judgement));
    await write(join(folder, 'budgets.md'), summaryMarkdown(judgement, about));
    await addToHistory(history, historyLine(judgement, size, around));
  }
  if (!flags.smoke && flags.outputDir === undefined) await writeLatencyBudget(budgets, results);
  for (const item of judgement.judged) {
    if (item.verdict === 'fail') process.stdout.write(`BROKEN: ${sentenceOf(item)}\n`);
    else if (item.verdict === 'inconclusive')
      process.stdout.write(`not decided: ${item.budget.id}: ${item.why}\n`);
    else if (item.warns) process.stdout.write(`close: ${sentenceOf(item)}\n`);
  }
  await profile(judgement, flags);
  process.stdout.write(`budgets: ${judgement.verdict}\n`);
  return judgement.verdict;
}

/** A profile that cannot be taken is said, and changes no verdict. */
async function profile(judgement: Judgement, flags: Flags): Promise<void> {
  const stage = breachedStage(judgement);
  if (stage === null || flags.profileSeconds === 0) return;
  const { profileSeconds: seconds, outputDir: directory, dataDir } = flags;
  try {
    const { directory: written } = await profileBreach(stage, { seconds, directory, dataDir });
    process.stdout.write(
      `profile of ${stage ?? 'the whole request'}: ${relative(ROOT, join(written, 'top.md'))}\n`,
    );
  } catch (error) {
    process.stderr.write(`no profile: ${error instanceof Error ? error.message : error}\n`);
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

async function run(flags: Flags): Promise<void> {
  const scratch = flags.smoke ? await mkdtemp(join(flags.dataDir, 'fi-consult-check-')) : undefined;
  try {
    process.exitCode = EXIT_CODES[await check(flags, scratch ?? flags.results)];
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true });
  }
}

const program = new Command('bench:check')
  .description('Holds the last results of the benchmarks against bench/budgets.json.')
  .option(
    '--smoke',
    'runs the small append benchmark, and holds to what a busy machine cannot break by chance',
  )
  .option('--results <directory>', 'where the results are', RESULTS)
  .option('--budgets <file>', 'the budgets', BUDGETS_PATH)
  .option('--output-dir <directory>', 'JUnit, Markdown and history go there, and docs/ is left alone')
  .option(
    '--profile-seconds <number>',
    'how long a stage beyond its budget is profiled; 0 for not',
    Number,
    10,
  )
  .option('--data-dir <directory>', 'where scratch directories are made', tmpdir());
await run(program.parse().opts<Flags>());
