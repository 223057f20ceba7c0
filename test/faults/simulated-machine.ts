/** A machine for one simulated run: a disk that lies, an index that outlives processes, one thing at a time, own time. */
import { pino } from 'pino';
import { integerBetween, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import type { Disk } from '../../src/ops/disk.js';
import type { Machine } from '../../src/ops/machine.js';
import { createStageTimers } from '../../src/ops/stage-timers.js';
import { type LocalStore, type LocalStoreOptions, openLocalStore } from '../../src/store/open-local-store.js';
import { MemoryIndex } from './memory-index.js';
import { Scheduler } from './scheduler.js';
import { type DiskCall, DiskUser, type Fault, SimulatedDisk } from './simulated-disk.js';
import { simulatedThreads } from './simulated-threads.js';

export const DATA_DIR = '/simulated/data';

/** Nobody looks at what they measure. */
const TIMERS = createStageTimers();
const LOGGER = pino({ level: 'silent' });

/** Breaks the disk that the store is given, to see whether that is found. */
export type BreakDisk = (disk: Disk) => Disk;

export interface SimulatedMachineOptions {
  seed: number;
  faults: (call: DiskCall) => Fault | undefined;
  isMirroring: boolean;
  onMisread: () => void;
  breakDisk?: BreakDisk | undefined;
}

export class SimulatedMachine {
  readonly scheduler: Scheduler;
  readonly disk: SimulatedDisk;
  readonly index = new MemoryIndex();
  private readonly random: Random;

  constructor(private readonly options: SimulatedMachineOptions) {
    const { seed, faults, onMisread } = options;
    this.scheduler = new Scheduler(seededRandom(seed * 4));
    this.random = seededRandom(seed * 4 + 1);
    this.disk = new SimulatedDisk({ scheduler: this.scheduler, random: this.random, faults, onMisread });
  }

  get isOn(): boolean {
    return this.disk.user.isOn;
  }

  /** Opens the store in the process that runs now. */
  async openStore(options: Pick<LocalStoreOptions, 'roll' | 'codec' | 'onFailed'>): Promise<LocalStore> {
    return openLocalStore({
      ...options,
      dataDir: DATA_DIR,
      durability: 'fsync',
      mirrorMs: 1000,
      logger: LOGGER,
      timers: TIMERS,
      machine: this.process(),
      indexStorage: this.index,
    });
  }

  /** The disk of the process that runs now. */
  port(user: DiskUser = this.disk.user): Disk {
    const port = this.disk.portFor(user);
    return this.options.breakDisk?.(port) ?? port;
  }

  private process(): Machine {
    const { scheduler, disk, index, random } = this;
    const { user } = disk;
    const newUser = (): { user: DiskUser; disk: Disk } => {
      const thread = new DiskUser(user);
      return { user: thread, disk: this.port(thread) };
    };
    return {
      disk: this.port(),
      timers: scheduler.timersWhile(() => user.isOn),
      now: () => scheduler.nowMs,
      startThread: simulatedThreads({ scheduler, index, isMirroring: this.options.isMirroring, newUser }),
      randomBytes: (count) => Uint8Array.from({ length: count }, () => integerBetween(random, 0, 255)),
    };
  }

  /** Ends the process: by a power cut, or by a kill. What it was about to do is not done. */
  async end(how: 'power cut' | 'kill'): Promise<void> {
    if (how === 'power cut') this.disk.powerCut();
    else this.disk.kill();
    await this.ended(how);
  }

  /** After the process came to an end: lets whoever still waits find out. */
  async ended(how: 'power cut' | 'kill'): Promise<void> {
    if (how === 'power cut') await this.index.powerCut(this.random);
    await this.scheduler.windDown();
  }
}
