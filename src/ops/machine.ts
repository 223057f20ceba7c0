/**
 * What a store asks of the machine that it runs on: its disk, its clock, timers, threads and chance. Tests run a
 * whole store on a simulated machine, on which the same seed gives the same run.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../domain/clock.js';
import { limits } from '../domain/limits.js';
import { type Disk, nodeDisk } from './disk.js';
import { atEndOfTurn } from './turn.js';

/** Calls a timer off; a second time, or after it was due, does nothing. */
export type CancelTimer = () => void;

/** None of them keeps the process alive. */
export interface Timers {
  /** Resolves after whatever came with this turn of the event loop. */
  endOfTurn(): Promise<void>;
  after(delayMs: number, action: () => void): CancelTimer;
  every(intervalMs: number, action: () => void): CancelTimer;
}

/** A thread, as the one that started it sees it. */
export interface Thread {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  ref(): void;
  unref(): void;
  /** Ends it at once, wherever it is. */
  terminate(): Promise<unknown>;
}

/** What a thread has of the one that started it. */
export interface ThreadPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  /** Hears no more; the thread ends once it has nothing else to do. */
  close(): void;
}

/** Starts a thread at a compiled file, with data that is copied to it. */
export type StartThread = (entry: URL, workerData: unknown) => Thread;

export interface Machine {
  disk: Disk;
  timers: Timers;
  now: Clock;
  startThread: StartThread;
  randomBytes: (count: number) => Uint8Array;
}

export const nodeTimers: Timers = {
  endOfTurn: () => new Promise((resolve) => atEndOfTurn(resolve)),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, action) {
    const timer = setInterval(action, intervalMs).unref();
    return () => clearInterval(timer);
  },
};

export const startWorkerThread: StartThread = (entry, workerData) => {
  const resourceLimits = { maxYoungGenerationSizeMb: limits.threadYoungMebibytesMax };
  return new Worker(entry, { workerData, resourceLimits });
};

/** The machine that this process runs on. */
export const nodeMachine: Machine = {
  disk: nodeDisk,
  timers: nodeTimers,
  now: Date.now,
  startThread: startWorkerThread,
  randomBytes,
};
