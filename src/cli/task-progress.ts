/** What a command shows while it works through something: nothing for a second, then a bar or a line now and then. */
import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';

const QUIET_MS = 1000;
const BAR_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5000;

export interface TaskProgressOptions {
  /** As in `fi-consult export`. */
  command: string;
  stderr: Writable & { isTTY?: boolean };
  /** Such as `events`. */
  unit: string;
  /** Of how many; asked for once, when it is shown. */
  total: () => Promise<number>;
  done: () => number;
}

/** Starts showing; gives the function that ends it and leaves the terminal as it was. */
export function showTaskProgress(options: TaskProgressOptions): () => void {
  const startMs = performance.now();
  let stop = (): void => clearTimeout(quiet);
  let isStopped = false;
  const show = async (): Promise<void> => {
    // Where the total cannot be had, the command itself meets the reason and says it.
    const total = await options.total().catch(() => undefined);
    if (total === undefined || isStopped) return;
    stop =
      options.stderr.isTTY === true ? showBar(options, total, startMs) : showLines(options, total, startMs);
  };
  const quiet = setTimeout(() => void show(), QUIET_MS);
  return () => {
    isStopped = true;
    stop();
  };
}

function perSecond(done: number, startMs: number): number {
  return Math.round((done * 1000) / (performance.now() - startMs));
}

function showBar({ stderr, unit, done }: TaskProgressOptions, total: number, startMs: number): () => void {
  const bar = new SingleBar(
    {
      stream: stderr as NodeJS.WritableStream,
      format: `{percentage} % {bar} {value} ${unit}, {rate} ${unit}/s, {eta_formatted} left`,
      etaBuffer: 50,
      hideCursor: false,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const update = (): void => bar.update(Math.min(done(), total), { rate: perSecond(done(), startMs) });
  bar.start(total, 0, { rate: 0 });
  const timer = setInterval(update, BAR_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    update();
    bar.stop();
  };
}

function showLines(options: TaskProgressOptions, total: number, startMs: number): () => void {
  const { command, stderr, unit, done } = options;
  const timer = setInterval(() => {
    const percent = total === 0 ? 100 : Math.min(100, Math.floor((100 * done()) / total));
    stderr.write(`${command}: ${percent} %, ${done()} ${unit}, ${perSecond(done(), startMs)} ${unit}/s\n`);
  }, LINE_INTERVAL_MS);
  return () => clearInterval(timer);
}
