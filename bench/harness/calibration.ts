/**
 * What the machine can do at this moment, before and after each benchmark: two results are comparable when these
 * are, and a run is doubtful when they moved during it.
 */
import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Size } from './benchmark.js';
import { figure } from './figure.js';
import { median, newHistogram, percentilesOf, recordMs } from './measures.js';
import type { Calibration } from './result.js';

const REPEATS = 3;
const SLICE_MS: Readonly<Record<Size, number>> = { smoke: 20, full: 200 };
const SYNCS: Readonly<Record<Size, number>> = { smoke: 30, full: 1000 };
const SYNC_BYTES = 4096;
const WRITE_BYTES = 4 * 1024 * 1024;
const WRITES: Readonly<Record<Size, number>> = { smoke: 2, full: 16 };
/** A change of more than this share during a run is said in the report. */
const DRIFT_MAX = 0.2;

/** Holds this process for about a second (smoke: a tenth), and the disk of `directory`. */
export function calibrate(directory: string, size: Size): Calibration {
  const load = loadavg();
  const block = Buffer.alloc(1024, 'fi-consult');
  const document = {
    id: 'a'.repeat(36),
    numbers: Array.from({ length: 20 }, (_, n) => n / 7),
    text: 'dolor '.repeat(100),
  };
  const text = JSON.stringify(document);
  return {
    sha256_per_second: perSecond(size, () => createHash('sha256').update(block).digest()),
    json_per_second: perSecond(size, () => JSON.stringify(JSON.parse(text))),
    ...disk(directory, size),
    load,
  };
}

/** How often `work` runs in a second: the median of three slices, after a first one that warms it up. */
function perSecond(size: Size, work: () => unknown): number {
  const slice = (): number => {
    const started = performance.now();
    const until = started + SLICE_MS[size];
    let count = 0;
    let now = started;
    while (now < until) {
      for (let turn = 0; turn < 100; turn += 1) work();
      count += 100;
      now = performance.now();
    }
    return (count * 1000) / (now - started);
  };
  slice();
  return median(Array.from({ length: REPEATS }, slice));
}

function disk(directory: string, size: Size): Pick<Calibration, 'fsync' | 'write_mb_per_second'> {
  const path = join(directory, `calibration-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const histogram = newHistogram();
    const small = Buffer.alloc(SYNC_BYTES, 1);
    for (let write = 0; write < SYNCS[size]; write += 1) {
      const started = performance.now();
      writeSync(file, small, 0, small.length, write * SYNC_BYTES);
      fdatasyncSync(file);
      recordMs(histogram, performance.now() - started);
    }
    const large = Buffer.alloc(WRITE_BYTES, 1);
    const rates = Array.from({ length: WRITES[size] }, (_, write) => {
      const started = performance.now();
      writeSync(file, large, 0, large.length, write * WRITE_BYTES);
      return WRITE_BYTES / 1e3 / (performance.now() - started);
    });
    return { fsync: percentilesOf(histogram), write_mb_per_second: median(rates) };
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

/** Sentences about what changed by more than a fifth between the two; none when the machine stayed as it was. */
export function drift(before: Calibration, after: Calibration): string[] {
  const changed = (what: string, from: number | null, to: number | null): string[] => {
    if (from === null || to === null || from === 0) return [];
    const change = to / from - 1;
    if (Math.abs(change) <= DRIFT_MAX) return [];
    return [`The machine changed during the run: ${what} went from ${figure(from)} to ${figure(to)}.`];
  };
  return [
    ...changed('SHA-256 of 1 KiB a second', before.sha256_per_second, after.sha256_per_second),
    ...changed('JSON documents a second', before.json_per_second, after.json_per_second),
    ...changed('the median fdatasync in µs', before.fsync.p50, after.fsync.p50),
  ];
}
