/** What a check shows while it runs: a bar, on a terminal, once it takes longer than a second. */
import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';

export interface VerifyProgress {
  update(doneBytes: number, totalBytes: number): void;
  /** Writes something else to the terminal without the bar in between. */
  aside(write: () => void): void;
  /** Leaves the terminal as it was, so that a line can follow. */
  stop(): void;
}

const DELAY_MS = 1000;
const MEGABYTE = 1e6;

/** Elsewhere than on a terminal nothing is shown. `delayMs` is how long it waits before it shows. */
export function startVerifyProgress(
  stderr: Writable & { isTTY?: boolean },
  delayMs = DELAY_MS,
): VerifyProgress {
  const startedMs = performance.now();
  let bar: SingleBar | undefined;
  let shown = { done: 0, total: 0 };
  const start = (): void => {
    bar = new SingleBar(
      {
        stream: stderr as NodeJS.WritableStream,
        format: '{percentage} % {bar} {value} of {total} MB, {eta_formatted} left',
        hideCursor: false,
        gracefulExit: false,
        clearOnComplete: true,
        stopOnComplete: false,
      },
      Presets.shades_classic,
    );
    bar.start(shown.total, shown.done);
  };
  return {
    update(doneBytes, totalBytes) {
      shown = { done: Math.round(doneBytes / MEGABYTE), total: Math.round(totalBytes / MEGABYTE) };
      if (bar !== undefined) bar.update(shown.done);
      else if (stderr.isTTY === true && performance.now() - startedMs >= delayMs) start();
    },
    aside(write) {
      bar?.stop();
      bar = undefined;
      write();
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}
