/** What a command shows while it works: nothing for a second, then a bar on a terminal or a line now and then. */
import type { Writable } from 'node:stream';
import type { SingleBar } from 'cli-progress';

const QUIET_MS = 1000;
const BAR_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5000;

export interface ProgressOptions {
  /** As in `fi-consult export`. */
  command: string;
  stderr: Writable & { isTTY?: boolean };
  done: () => number;
  /** Of how many; asked for once, when it is shown. `undefined` when nobody knows: then there is no bar. */
  total: () => number | undefined | Promise<number | undefined>;
  /** What else is said, such as `12 events`. */
  text: () => string;
  /** How long nothing is shown. */
  quietMs?: number;
  /** Between two lines. */
  lineIntervalMs?: number;
}

export interface Progress {
  /** Writes something else to the terminal without the bar in between. */
  aside(write: () => void): void;
  /** Leaves the terminal as it was, so that a line can follow. */
  stop(): void;
}

type BarLibrary = typeof import('cli-progress');

interface Display {
  hide(): void;
  stop(): void;
}

/** Starts showing. */
export function startProgress(options: ProgressOptions): Progress {
  let display: Display | undefined;
  let isStopped = false;
  const show = async (): Promise<void> => {
    // Where the total cannot be had, the command itself meets the reason and says it.
    const total = await Promise.resolve(options.total()).catch(() => undefined);
    if (isStopped) return;
    if (options.stderr.isTTY !== true || total === undefined) {
      display = showLines(options, total);
      return;
    }
    // Loaded late: most commands are done before they have anything to show.
    const library = await import('cli-progress');
    if (!isStopped) display = showBar(library, options, total);
  };
  const quiet = setTimeout(() => void show(), options.quietMs ?? QUIET_MS);
  return {
    aside(write) {
      display?.hide();
      write();
    },
    stop() {
      isStopped = true;
      clearTimeout(quiet);
      display?.stop();
    },
  };
}

/** Whole ones per second since `startMs`, a value of `performance.now()`. */
export function perSecond(count: number, startMs: number): number {
  const seconds = (performance.now() - startMs) / 1000;
  return seconds > 0 ? Math.round(count / seconds) : 0;
}

function showBar(library: BarLibrary, { stderr, done, text }: ProgressOptions, total: number): Display {
  let bar: SingleBar | undefined;
  const update = (): void => {
    bar ??= newBar(library, stderr, total, text());
    bar.update(Math.min(done(), total), { text: text() });
  };
  const hide = (): void => {
    bar?.stop();
    bar = undefined;
  };
  update();
  const timer = setInterval(update, BAR_INTERVAL_MS);
  return {
    hide,
    stop() {
      clearInterval(timer);
      hide();
    },
  };
}

function newBar(
  { SingleBar, Presets }: BarLibrary,
  stderr: Writable,
  total: number,
  text: string,
): SingleBar {
  const bar = new SingleBar(
    {
      stream: stderr as NodeJS.WritableStream,
      format: '{percentage} % {bar} {text}, {eta_formatted} left',
      etaBuffer: 50,
      hideCursor: false,
      gracefulExit: false,
      clearOnComplete: true,
      stopOnComplete: false,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { text });
  return bar;
}

function showLines(options: ProgressOptions, total: number | undefined): Display {
  const { command, stderr, done, text, lineIntervalMs = LINE_INTERVAL_MS } = options;
  const timer = setInterval(() => {
    const percent = total ? `${Math.min(100, Math.floor((100 * done()) / total))} %, ` : '';
    stderr.write(`${command}: ${percent}${text()}\n`);
  }, lineIntervalMs);
  return { hide: () => {}, stop: () => clearInterval(timer) };
}
