/**
 * One simulated run: several lives of a process on one disk, each begun by a start and ended by a power cut, a kill or
 * a stop; and after each start a comparison of everything that the store has with what its clients were told.
 */
import { join } from 'node:path';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import type { RollLimits } from '../../src/log/file-log.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { readManifest } from '../../src/segments/manifest.js';
import { repackSegment } from '../../src/segments/repack-segment.js';
import type { LocalStore } from '../../src/store/open-local-store.js';
import { repackStore } from '../../src/store/repack-store.js';
import { verifyDirectory } from '../../src/store/verify/verify-directory.js';
import type { Damage } from '../../src/store/verify/verify-report.js';
import { Clients, checkShown } from './clients.js';
import { chooseRot, type Rot, turn } from './rot.js';
import { StuckError } from './scheduler.js';
import { MachineOffError } from './simulated-disk.js';
import { type BreakDisk, DATA_DIR, SimulatedMachine } from './simulated-machine.js';
import { expect, isFailureOfDisk, type ShownEvent, Told } from './told.js';
import { type Ending, Weather } from './weather.js';

/** What a run did; the same for the same seed. */
export interface RunFigures {
  powerCuts: number;
  kills: number;
  /** Lives that ended with a stop of the service. */
  stops: number;
  starts: number;
  /** Starts that were refused, all of them on a disk that had failed or rotted. */
  refusedStarts: number;
  /** Calls that failed, or read other bits than are there. */
  faults: number;
  /** Bits that turned over at rest, and were found. */
  rots: number;
  diskCalls: number;
  requests: number;
  eventsChecked: number;
  segmentsSealed: number;
}

export interface RunOptions {
  seed: number;
  breakDisk?: BreakDisk;
  /** The HDF5 library is about to be given a bit that is wrong, from which it may never come back. */
  onMisread: () => void;
}

const CODECS = ['gzip:1', 'none'];

/** Runs one seed. Throws a ViolationError, or whatever else no store may throw. */
export async function simulatedRun(options: RunOptions): Promise<RunFigures> {
  const run = new SimulatedRun(options);
  await run.run();
  return run.figures;
}

class SimulatedRun {
  readonly figures: RunFigures = {
    powerCuts: 0,
    kills: 0,
    stops: 0,
    starts: 0,
    refusedStarts: 0,
    faults: 0,
    rots: 0,
    diskCalls: 0,
    requests: 0,
    eventsChecked: 0,
    segmentsSealed: 0,
  };
  private readonly random: Random;
  private readonly told = new Told();
  private readonly clients: Clients;
  private readonly machine: SimulatedMachine;
  private readonly roll: RollLimits;
  private readonly codec: string;
  private weather: Weather;
  /** Why the store said that the process has to end, if it did. */
  private failure: Error | undefined;

  constructor(private readonly options: RunOptions) {
    const { seed, breakDisk, onMisread } = options;
    this.random = seededRandom(seed * 4 + 2);
    this.clients = new Clients(this.told, seededRandom(seed * 4 + 3));
    this.weather = new Weather(this.random, false);
    const isSealing = this.random() < 0.6;
    this.roll = {
      events: isSealing ? integerBetween(this.random, 5, 60) : 1e6,
      bytes: isSealing ? integerBetween(this.random, 2000, 60_000) : 1e9,
      ageMs: integerBetween(this.random, 1000, 100_000),
    };
    this.codec = pickOne(this.random, CODECS);
    this.machine = new SimulatedMachine({
      seed,
      breakDisk,
      onMisread,
      isMirroring: this.random() < 0.1,
      faults: (call) => this.weather.at(call),
    });
  }

  async run(): Promise<void> {
    for (let lives = integerBetween(this.random, 1, 4); lives > 0; lives -= 1) {
      await this.live();
      if (this.random() < 0.25) await this.rot();
    }
    await this.lastLook();
    this.figures.diskCalls = this.machine.disk.calls;
    this.figures.requests = this.told.sent.length;
    this.figures.eventsChecked = this.told.eventsChecked;
  }

  /** A process from its start to its end. */
  private async live(): Promise<void> {
    this.weather = new Weather(this.random, this.random() < 0.8);
    const isOn = this.onNow();
    const store = await this.start();
    if (store === undefined || !isOn()) return this.end();
    await this.weather.calm(() => this.check(store));
    // Now and then a process does nothing but start: what it found may be all that it rests on.
    const roundsMax = this.random() < 0.25 ? 0 : integerBetween(this.random, 1, 5);
    for (let rounds = roundsMax; rounds > 0 && isOn() && !this.failure; rounds -= 1) {
      await this.work(store, isOn);
    }
    const isStopping = isOn() && this.random() < 0.3;
    if (isStopping) await this.stop(store, isOn);
    await this.end();
  }

  /** Whether the process that runs now still does. */
  private onNow(): () => boolean {
    const { user } = this.machine.disk;
    return () => user.isOn;
  }

  /** Lets something go on until it is done. Throws a MachineOffError if the machine is off before. */
  private async whileOn<T>(action: () => Promise<T>): Promise<T> {
    const isOn = this.onNow();
    try {
      return await this.machine.scheduler.run(action());
    } catch (error) {
      // What was on its way to somebody when the machine went off never comes.
      if (error instanceof StuckError && !isOn()) throw new MachineOffError('the machine went off');
      throw error;
    }
  }

  /** The store; none if its start was refused, or came to an end. */
  private async start(): Promise<LocalStore | undefined> {
    const isOn = this.onNow();
    this.failure = undefined;
    this.figures.starts += 1;
    const onFailed = (error: Error): void => {
      this.failure ??= error;
    };
    const { roll, codec } = this;
    try {
      return await this.whileOn(() => this.machine.openStore({ roll, codec, onFailed }));
    } catch (error) {
      if (!isOn()) return undefined;
      const mayFail = this.weather.faults > 0 && isFailureOfDisk(error);
      expect(mayFail, `a start succeeds on a disk that does not fail: ${detailOf(error)}`);
      this.figures.refusedStarts += 1;
      return undefined;
    }
  }

  private async work(store: LocalStore, isOn: () => boolean): Promise<void> {
    const served = { store, isOn, mayFail: () => this.weather.faults > 0 };
    try {
      await this.whileOn(() => Promise.all([this.clients.round(served), this.repackNowAndThen(isOn)]));
    } catch (error) {
      if (error instanceof MachineOffError) return;
      throw error;
    }
    const choice = this.random();
    if (choice < 0.3) await this.machine.scheduler.pass(integerBetween(this.random, 1, 2000));
    else if (choice < 0.4) await this.machine.scheduler.pass(integerBetween(this.random, 10_000, 100_000));
    if (this.failure !== undefined && isOn()) {
      const mayFail = this.weather.faults > 0 && isFailureOfDisk(this.failure);
      expect(mayFail, `a store works on a disk that does not fail: ${detailOf(this.failure)}`);
    }
  }

  private async repackNowAndThen(isOn: () => boolean): Promise<void> {
    if (this.random() > 0.05) return;
    const disk = this.machine.port();
    try {
      await repackStore({
        dataDir: DATA_DIR,
        codec: pickOne(this.random, ['gzip:1', 'gzip:2', 'none']),
        disk,
        rewrite: ({ segment, codec, directory }) =>
          repackSegment({ segment, codec: parseCodec(codec), directory, disk }),
      });
    } catch (error) {
      if (!isOn()) return;
      const mayFail = this.weather.faults > 0 && isFailureOfDisk(error);
      expect(mayFail, `a repack works on a disk that does not fail: ${detailOf(error)}`);
    }
  }

  private async stop(store: LocalStore, isOn: () => boolean): Promise<void> {
    try {
      await this.whileOn(() => store.close());
      if (isOn()) this.figures.stops += 1;
    } catch (error) {
      if (!isOn()) return;
      const mayFail = this.weather.faults > 0 && isFailureOfDisk(error);
      expect(mayFail, `a store stops on a disk that does not fail: ${detailOf(error)}`);
    }
  }

  /** Ends the life: as its weather did, or now. */
  private async end(): Promise<void> {
    const { ended } = this.weather;
    const how: Ending = ended ?? (this.random() < 0.6 ? 'power cut' : 'kill');
    if (ended === undefined) await this.machine.end(how);
    else await this.machine.ended(how);
    if (how === 'power cut') this.figures.powerCuts += 1;
    else this.figures.kills += 1;
    this.figures.faults += this.weather.faults;
  }

  /** Compares everything with what was told. */
  private async check(store: LocalStore): Promise<void> {
    const isOn = this.onNow();
    const served = { store, isOn, mayFail: () => false };
    if (this.random() < 0.5) await this.whileOn(() => this.clients.resend(served));
    await this.whileOn(async () => {
      const shown: { event: ShownEvent; payload: string }[] = [];
      for (const consultationId of this.told.consultationIds) {
        shown.push(...(await this.shownOf(store, consultationId)));
      }
      this.told.checkAll(shown, (await store.health()).headSequence);
    });
    if (this.failure === undefined) return;
    // A follower may tell only now what failed under it while the store was starting.
    const mayFail = this.weather.faults > 0 && isFailureOfDisk(this.failure);
    expect(mayFail, `a store that is only read does not fail: ${detailOf(this.failure)}`);
  }

  private async shownOf(store: LocalStore, consultationId: string) {
    try {
      const { eventsJson } = await store.events({ consultationId, offset: 0, limit: 1000 });
      const { valid, damage } = await store.verify(consultationId);
      expect(valid, `the chain of ${consultationId} verifies: ${damage?.reason}`);
      return eventsJson.map((json) => checkShown(this.told, json));
    } catch (error) {
      if ((error as { code?: string }).code === 'CONSULTATION_NOT_FOUND') return [];
      throw error;
    }
  }

  /** Turns a bit over, sees that it is found, and turns it back, as who restores the file does. */
  private async rot(): Promise<void> {
    const { machine } = this;
    this.weather = new Weather(this.random, false);
    await this.weather.calm(async () => {
      // A start first, so that no tail is torn and no list is behind.
      const sound = await this.start();
      expect(sound !== undefined, 'a sound store starts');
      await this.check(sound);
      await this.whileOn(() => sound.archived().catch(() => undefined));
      await machine.end('kill');
      const rot = await this.whileOn(() => chooseRot(machine.port(), this.random));
      if (rot === undefined) return;
      turn(machine.disk.image, rot);
      if (rot.path.endsWith('.h5')) this.options.onMisread();
      expect(await this.isFound(rot), `a bit that turned over is found: ${JSON.stringify(rot)}`);
      await machine.end('kill');
      turn(machine.disk.image, rot);
      this.figures.rots += 1;
    });
  }

  /** Whether a start is refused because of it, or else `verify` finds it; and all that is read is right. */
  private async isFound(rot: Rot): Promise<boolean> {
    const { roll, codec, machine } = this;
    const onFailed = (): void => {};
    let store: LocalStore;
    try {
      store = await this.whileOn(() => machine.openStore({ roll, codec, onFailed }));
    } catch (error) {
      expect(
        isFailureOfDisk(error),
        `a start is refused for a reason that says what to do: ${detailOf(error)}`,
      );
      this.figures.refusedStarts += 1;
      return true;
    }
    for (const consultationId of this.told.consultationIds) {
      if (this.told.versionOf(consultationId) === 0) continue;
      try {
        const { eventsJson } = await this.whileOn(() =>
          store.events({ consultationId, offset: 0, limit: 1000 }),
        );
        for (const json of eventsJson) checkShown(this.told, json);
      } catch (error) {
        expect(isFailureOfDisk(error), `what is read of a rotten ${rot.path} is right: ${detailOf(error)}`);
      }
    }
    return (await this.damages()).length > 0;
  }

  /** What `verify` finds. */
  private async damages(): Promise<Damage[]> {
    const damages: Damage[] = [];
    const onDamage = (damage: Damage): void => void damages.push(damage);
    const disk = this.machine.port();
    const { index } = this.machine;
    const options = {
      dataDir: DATA_DIR,
      disk,
      onDamage,
      onNote: () => {},
      locate: false,
      readIndex: async () => ({ kind: 'known', appliedSequence: index.appliedSequence() }) as const,
    };
    await this.whileOn(() => verifyDirectory(options));
    return damages;
  }

  /** A last start, at which everything is looked at once more, also by `verify`. */
  private async lastLook(): Promise<void> {
    this.weather = new Weather(this.random, false);
    await this.weather.calm(async () => {
      const store = await this.start();
      expect(store !== undefined, 'a sound store starts');
      await this.check(store);
      const sealed = await this.whileOn(() => readManifest(this.machine.port(), join(DATA_DIR, 'segments')));
      this.figures.segmentsSealed = sealed.length;
      const damages = await this.damages();
      expect(damages.length === 0, `a sound store has no damage: ${JSON.stringify(damages)}`);
      await this.whileOn(() => store.close());
      this.figures.stops += 1;
    });
    await this.machine.end('kill');
  }
}

function detailOf(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: unknown };
  const because = cause === undefined ? '' : `, because: ${detailOf(cause)}`;
  return error instanceof Error ? `${error.stack}${because}` : String(error);
}
