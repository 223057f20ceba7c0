/** A run: rounds of trouble for the real service until the time is over, on data directories of its own. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Random, seededRandom } from '../../domain/seeded-random.js';
import { type Durations, type Figures, newFigures } from './figures.js';
import { Findings } from './findings.js';
import { flipRound } from './flip-round.js';
import { startFsyncProbe } from './fsync-probe.js';
import { fullDiskRound } from './full-disk-round.js';
import { Life, type Torture } from './life.js';
import { killRound, restartRound } from './stop-rounds.js';

export interface TortureOptions {
  /** An empty directory of the run's own. */
  scratch: string;
  /** No round begins after this. One of each kind is run whatever it is. */
  durationMs: number;
  seed: number;
  clients: number;
  signal: AbortSignal;
  /** Is given the figures before the first round; they are kept up to date. */
  onStart?: (figures: Readonly<Figures>) => void;
}

export interface TortureResult {
  figures: Figures;
  findings: Findings;
  /** Of 4 KiB on the disk under test, beside the load. */
  fsyncMs: Durations | undefined;
  seconds: number;
}

type RoundKind = 'kill' | 'restart' | 'full' | 'flip';

const FIRST_ROUNDS: readonly RoundKind[] = ['kill', 'full', 'flip', 'restart'];
/** Of further rounds; the rest are kills. */
const SHARES: readonly [RoundKind, number][] = [
  ['restart', 0.1],
  ['full', 0.06],
  ['flip', 0.12],
];
/** A directory with so many events has its last check, and another one is begun: a check reads all of them. */
const EVENTS_PER_LIFE = 30_000;

/**
 * Runs. What it finds is in the result and never thrown. When the signal aborts, everything ends at once and what
 * was found until then is the result.
 */
export async function runTorture(options: TortureOptions): Promise<TortureResult> {
  const { scratch, seed, clients, signal } = options;
  const startedMs = performance.now();
  const figures = newFigures();
  const findings = new Findings();
  const services: Torture['services'] = new Set();
  const open: Torture['open'] = new Set();
  const random = seededRandom(seed);
  const torture: Torture = { scratch, random, clients, findings, figures, services, open };
  const killAll = (): void => {
    for (const service of services) void service.end('SIGKILL');
  };
  signal.addEventListener('abort', killAll, { once: true });
  const probe = startFsyncProbe(scratch);
  options.onStart?.(figures);
  try {
    await runRounds(torture, startedMs + options.durationMs, signal);
  } catch (error) {
    // After an abort everything fails, and nothing of it says anything.
    if (!signal.aborted) findings.add('unexpected', (error as Error).message);
  } finally {
    killAll();
    await Promise.all([...services].map(({ exited }) => exited));
    for (const life of open) life.addUp();
  }
  const fsyncMs = await probe.stop();
  return { figures, findings, fsyncMs, seconds: (performance.now() - startedMs) / 1000 };
}

async function runRounds(torture: Torture, endMs: number, signal: AbortSignal): Promise<void> {
  const { random, findings } = torture;
  let life = await newLife(torture);
  for (let round = 0; round < FIRST_ROUNDS.length || performance.now() < endMs; round += 1) {
    await runRound(FIRST_ROUNDS[round] ?? kindOf(random), life);
    // A store that is wrong once is wrong ever after, so the first round that finds something is the last.
    if (findings.total > 0 || signal.aborted) return;
    if (life.clinic.acknowledged.count < EVENTS_PER_LIFE) continue;
    await endLife(life);
    life = await newLife(torture);
  }
  await endLife(life);
}

async function runRound(kind: RoundKind, life: Life): Promise<void> {
  if (kind === 'full') await fullDiskRound(life.torture);
  else if (kind === 'flip') await flipRound(life.torture);
  else if (kind === 'restart') await restartRound(life);
  else await killRound(life);
}

function kindOf(random: Random): RoundKind {
  let rest = random();
  for (const [kind, share] of SHARES) {
    if (rest < share) return kind;
    rest -= share;
  }
  return 'kill';
}

async function newLife(torture: Torture): Promise<Life> {
  torture.figures.stores += 1;
  const dataDir = join(torture.scratch, `data-${torture.figures.stores}`);
  await mkdir(dataDir);
  return new Life(torture, dataDir);
}

/** The last check; a directory without fault is removed. */
async function endLife(life: Life): Promise<void> {
  await life.finish();
  if (life.torture.findings.total === 0) await rm(life.dataDir, { recursive: true });
}
