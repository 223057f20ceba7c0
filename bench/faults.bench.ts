/**
 * Tries the store on a simulated disk that lies: `npm run test:faults -- --runs N --seed S`. Prints each seed that
 * fails, with the command that gives the same run again. Exit code 1 if one does.
 *
 * From `RUNS_SHOWN_MIN` runs on it writes bench/results/faults.json and its section of docs/RESILIENCE.md.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startProgress } from '../src/cli/progress.js';
import { grouped } from '../src/cli/text-table.js';
import { type ManyRuns, runMany } from '../test/faults/run-many.js';
import { type ResilienceResult, writeResult } from './resilience/page.js';
import { surroundings } from './support/surroundings-text.js';

const RUNS_DEFAULT = 10_000;
/** Fewer say little. */
const RUNS_SHOWN_MIN = 1000;
/** A store that is broken fails again and again: enough is enough. */
const FAILURES_MAX = 10;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: String(RUNS_DEFAULT) },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const [runs, firstSeed, threads] = [values.runs, values.seed, values.threads].map(wholeNumber) as [
  number,
  number,
  number,
];
const around = surroundings();
const startedMs = performance.now();
let done = 0;
const progress = startProgress({
  command: 'npm run test:faults',
  stderr: process.stderr,
  done: () => done,
  total: () => runs,
  text: () => `seed ${firstSeed + done}`,
});
const result = await runMany({
  firstSeed,
  runs,
  threads,
  failuresMax: FAILURES_MAX,
  onRun: (count) => {
    done = count;
  },
});
progress.stop();
const seconds = (performance.now() - startedMs) / 1000;
report(result);
if (runs >= RUNS_SHOWN_MIN) await writeResult('faults', shown(result));

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && value < 2 ** 48) return value;
  process.stderr.write(`npm run test:faults: ${text} is no whole number; --runs, --seed and --threads are\n`);
  process.exit(2);
}

function report({ runs: count, figures, failures }: ManyRuns): void {
  for (const { seed, what, isRepeated } of failures) {
    const again = `npm run test:faults -- --runs 1 --seed ${seed}`;
    const doubt = isRepeated ? '' : ' (the same seed by itself did not fail)';
    process.stdout.write(`seed ${seed} failed${doubt}: ${what}\nagain with: ${again}\n\n`);
  }
  const { powerCuts, kills, faults, rots, eventsChecked } = figures;
  const crashes = `${grouped(powerCuts ?? 0)} power cuts and ${grouped(kills ?? 0)} kills`;
  const wrongs = `${grouped(faults ?? 0)} calls that failed or read wrong, ${grouped(rots ?? 0)} rotten bits`;
  process.stdout.write(
    `${grouped(count)} runs from seed ${firstSeed} in ${seconds.toFixed(0)} s: ${crashes}, ${wrongs}, ${grouped(eventsChecked ?? 0)} events checked, ${failures.length} failures\n`,
  );
  if (failures.length > 0) process.exitCode = 1;
}

function shown({ runs: count, givenUp, figures, failures }: ManyRuns): ResilienceResult {
  const seeds = failures.map(({ seed }) => seed).join(', ');
  const perSecond = (count / seconds).toFixed(0);
  return {
    command: `npm run test:faults -- --runs ${runs} --seed ${firstSeed}`,
    surroundings: around,
    passed: failures.length === 0,
    rows: [
      ['runs', grouped(count), `from seed ${firstSeed}; ${perSecond} a second on ${threads} threads`],
      [
        'crashes',
        grouped(figures.powerCuts + figures.kills),
        `${grouped(figures.powerCuts)} power cuts, ${grouped(figures.kills)} kills`,
      ],
      ['stops', grouped(figures.stops), ''],
      [
        'starts',
        grouped(figures.starts),
        `${grouped(figures.refusedStarts)} refused, all on a disk that had failed or rotted`,
      ],
      [
        'calls that failed or read wrong',
        grouped(figures.faults),
        `of ${grouped(figures.diskCalls)} calls of the disk`,
      ],
      ['bits that turned over at rest', grouped(figures.rots), 'all found'],
      [
        'given up',
        grouped(givenUp),
        'the HDF5 library never came back from a wrong bit; the service ends its thread after a minute',
      ],
      ['segments sealed', grouped(figures.segmentsSealed), ''],
      ['requests', grouped(figures.requests), ''],
      [
        'events checked',
        grouped(figures.eventsChecked),
        'each against what its client was told, after every start',
      ],
      ['**broken promises**', `**${failures.length}**`, seeds === '' ? '' : `seeds ${seeds}`],
    ],
    report: { runs: count, given_up: givenUp, first_seed: firstSeed, seconds, figures, failures },
  };
}
