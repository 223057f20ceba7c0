/** What an import shows while it runs: a bar on a terminal, a line every few seconds anywhere else. */
import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';

/** How far an import is. */
export interface ImportCounts {
  /** Of the input: whole lines that are done. */
  bytes: number;
  consultations: number;
  eventsWritten: number;
  eventsPresent: number;
}

export interface ImportProgress {
  /** Leaves the terminal as it was, so that a line can follow. */
  stop(): void;
}

const LINE_INTERVAL_MS = 5000;
const BAR_INTERVAL_MS = 200;

interface ProgressOptions {
  stderr: Writable & { isTTY?: boolean };
  /** Bytes of all inputs; undefined when one of them has no end that is known. */
  bytesTotal: number | undefined;
  /** Asked for at each report. */
  counts: () => Readonly<ImportCounts>;
  /** Between two lines. */
  lineIntervalMs?: number;
}

/** Reports until it is stopped. */
export function startProgress(options: ProgressOptions): ImportProgress {
  const startMs = performance.now();
  const { stderr, bytesTotal } = options;
  if (stderr.isTTY === true && bytesTotal !== undefined) return startBar(options, bytesTotal, startMs);
  return startLines(options, startMs);
}

/** Events written per second since `startMs`, whole. */
export function eventsPerSecond(counts: Readonly<ImportCounts>, startMs: number): number {
  const seconds = (performance.now() - startMs) / 1000;
  return seconds > 0 ? Math.round(counts.eventsWritten / seconds) : 0;
}

function startBar({ stderr, counts }: ProgressOptions, bytesTotal: number, startMs: number): ImportProgress {
  const bar = new SingleBar(
    {
      stream: stderr as NodeJS.WritableStream,
      format: '{percentage} % {bar} {consultations} consultations, {rate} events/s, {eta_formatted} left',
      fps: 1000 / BAR_INTERVAL_MS,
      etaBuffer: 50,
      hideCursor: false,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const fields = (): object => ({
    consultations: counts().consultations,
    rate: eventsPerSecond(counts(), startMs),
  });
  bar.start(bytesTotal, 0, fields());
  const timer = setInterval(() => bar.update(counts().bytes, fields()), BAR_INTERVAL_MS);
  return {
    stop() {
      clearInterval(timer);
      bar.update(counts().bytes, fields());
      bar.stop();
    },
  };
}

function startLines(options: ProgressOptions, startMs: number): ImportProgress {
  const { stderr, bytesTotal, counts, lineIntervalMs = LINE_INTERVAL_MS } = options;
  const timer = setInterval(() => {
    const now = counts();
    const part = bytesTotal === undefined || bytesTotal === 0 ? '' : `${percent(now.bytes, bytesTotal)} %, `;
    stderr.write(
      `fi-consult import: ${part}${now.consultations} consultations, ${now.eventsWritten} events written, ` +
        `${eventsPerSecond(now, startMs)} events/s\n`,
    );
  }, lineIntervalMs);
  return { stop: () => clearInterval(timer) };
}

const percent = (bytes: number, total: number): number => Math.floor((100 * bytes) / total);
