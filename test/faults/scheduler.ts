/**
 * Decides in which order everything that waits goes on. All that takes time in a simulated run (a call of the disk, a
 * message to a thread, the end of a turn, a timer) waits here, and a seeded source picks what comes next. Time moves
 * only when nothing else is left to do.
 */
import { setImmediate as realTurn } from 'node:timers/promises';
import { integerBetween, type Random } from '../../src/domain/seeded-random.js';
import type { CancelTimer, Timers } from '../../src/ops/machine.js';

interface DueTimer {
  dueMs: number;
  action: () => void;
}

/** Everything that goes on waits for something that does not. */
export class StuckError extends Error {}

/** Turns of the real event loop without any news, after which there is none to come. */
const QUIET_TURNS = 3;

export class Scheduler {
  /** Milliseconds since 1970, as the simulated machine has it. */
  nowMs = 1_700_000_000_000;
  private ready: (() => void)[] = [];
  private timers: DueTimer[] = [];

  constructor(private readonly random: Random) {}

  /** Has something happen soon: in any order with whatever else is to happen soon. */
  soon(action: () => void): void {
    this.ready.push(action);
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.soon(resolve));
  }

  /** Resolves after some time. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.timers.push({ dueMs: this.nowMs + ms, action: resolve }));
  }

  /** Timers that are off as soon as `isOn` says so. */
  timersWhile(isOn: () => boolean): Timers {
    const after = (delayMs: number, action: () => void): CancelTimer => {
      const timer = { dueMs: this.nowMs + delayMs, action: () => isOn() && action() };
      this.timers.push(timer);
      return () => {
        this.timers = this.timers.filter((other) => other !== timer);
      };
    };
    const every = (intervalMs: number, action: () => void): CancelTimer => {
      let cancel: CancelTimer = () => {};
      const again = (): void => {
        cancel = after(intervalMs, () => {
          again();
          action();
        });
      };
      again();
      return () => cancel();
    };
    return { endOfTurn: () => this.turn(), after, every };
  }

  /** Lets things happen until a promise settles. Throws a StuckError if it never can. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    while (!(await this.isQuiet(() => isSettled))) {
      if (!this.step()) throw new StuckError('something waits for what never comes');
    }
    return promise;
  }

  /** Lets time pass, and what falls due in it happen. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    let isOver = false;
    this.timers.push({
      dueMs: untilMs,
      action: () => {
        isOver = true;
      },
    });
    while (!(await this.isQuiet(() => isOver))) this.step();
  }

  /** Lets everything go on that needs no time, and forgets all timers: for what goes on after the machine is off. */
  async windDown(): Promise<void> {
    this.timers = [];
    while (!(await this.isQuiet(() => false)) && this.ready.length > 0) this.step();
    this.timers = [];
  }

  /** Whether `isDone`, once everything that needs nothing of us has gone on as far as it can. */
  private async isQuiet(isDone: () => boolean): Promise<boolean> {
    for (let turn = 0; turn < QUIET_TURNS; turn += 1) {
      await realTurn();
      if (isDone()) return true;
      if (this.ready.length > 0) return false;
    }
    return false;
  }

  private step(): boolean {
    const count = this.ready.length;
    if (count > 0) {
      const [action] = this.ready.splice(integerBetween(this.random, 0, count - 1), 1);
      action?.();
      return true;
    }
    const timer = this.timers.reduce<DueTimer | undefined>((first, one) => {
      return first === undefined || one.dueMs < first.dueMs ? one : first;
    }, undefined);
    if (timer === undefined) return false;
    this.timers = this.timers.filter((other) => other !== timer);
    this.nowMs = Math.max(this.nowMs, timer.dueMs);
    timer.action();
    return true;
  }
}
