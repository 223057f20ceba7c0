/**
 * The disk's port over a disk that lies: each call takes its turn among all that goes on, may fail, may read other
 * bits than are there, and may be the last one before the power fails or the process is killed.
 *
 * Who still runs after that (code does not vanish from a test) has calls that wait refused, and blocking ones
 * answered from the disk as it was, which nobody sees any more.
 */
import { basename, dirname } from 'node:path';
import { integerBetween, type Random } from '../../src/domain/seeded-random.js';
import type { BlockingFile } from '../../src/ops/blocking-disk.js';
import type { Disk, DiskFile, OpenOptions } from '../../src/ops/disk.js';
import type { FileLock } from '../../src/ops/file-lock.js';
import { DirectoryImage, DiskImage, type EntryChange, type FileChange, FileImage } from './disk-image.js';
import type { Scheduler } from './scheduler.js';

export type CallKind = 'open' | 'read' | 'write' | 'durable write' | 'truncate' | 'sync' | 'entry' | 'look';

/** A call of the disk. `entry` creates, renames or removes; `look` lists, or asks for a size. */
export interface DiskCall {
  kind: CallKind;
  path: string;
  isBlocking: boolean;
}

/** What happens to a call instead of what was asked. */
export type Fault =
  | { kind: 'power cut' }
  | { kind: 'kill' }
  | { kind: 'flip' }
  | { kind: 'error'; code: 'EIO' | 'ENOSPC' };

export interface SimulatedDiskOptions {
  scheduler: Scheduler;
  random: Random;
  /** Asked at each call. */
  faults: (call: DiskCall) => Fault | undefined;
  /** The HDF5 library is about to be given a bit that is wrong. */
  onMisread: () => void;
}

/** The machine went off while somebody waited for its disk. */
export class MachineOffError extends Error {
  readonly code = 'MACHINE_OFF';
}

function diskError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated`), { code, syscall: 'simulated' });
}

/** A process, or a thread of one, as the disk knows it. */
export class DiskUser {
  private isEnded = false;

  constructor(private readonly parent?: DiskUser) {}

  get isOn(): boolean {
    return !this.isEnded && (this.parent?.isOn ?? true);
  }

  end(): void {
    this.isEnded = true;
  }
}

export class SimulatedDisk {
  image = new DiskImage();
  /** Calls so far. */
  calls = 0;
  private process = new DiskUser();
  private readonly locks = new Map<string, DiskUser>();

  constructor(private readonly options: SimulatedDiskOptions) {}

  /** The process that runs now. */
  get user(): DiskUser {
    return this.process;
  }

  /** Ends the process, and all that was not durable may be gone. */
  powerCut(): void {
    this.endProcess(this.image.afterPowerCut(this.options.random));
  }

  /** Ends the process; the system goes on. */
  kill(): void {
    this.endProcess(this.image.afterKill(this.options.random));
  }

  private endProcess(image: DiskImage): void {
    this.process.end();
    this.process = new DiskUser();
    this.image = image;
    this.locks.clear();
  }

  /** The port for a process or a thread. */
  portFor(user: DiskUser): Disk {
    const { image } = this;
    return {
      open: (path, options) => this.open(user, image, path, options),
      list: (directory) =>
        this.waiting(user, { kind: 'look', path: directory }, () => namesOf(image, directory)),
      makeDirectory: (directory) =>
        this.waiting(user, { kind: 'entry', path: directory }, () => make(image, directory)),
      rename: (from, to) => this.waiting(user, { kind: 'entry', path: to }, () => rename(image, from, to)),
      remove: (path) => this.waiting(user, { kind: 'entry', path }, () => remove(image, path)),
      syncDirectory: (directory) => this.syncDirectory(user, image, directory),
      lock: (path, { waitMs }) => this.lock(user, path, waitMs),
      freeBytes: (directory) => this.waiting(user, { kind: 'look', path: directory }, () => 2 ** 40),
      blocking: {
        open: (path, mode) => this.openBlocking(user, image, path, mode),
        remove: (path) => this.blocking(user, { kind: 'entry', path }, () => remove(image, path)),
      },
    };
  }

  private async lock(user: DiskUser, path: string, waitMs: number): Promise<FileLock | undefined> {
    const { scheduler } = this.options;
    const givenUpMs = scheduler.nowMs + waitMs;
    while (this.locks.get(path)?.isOn) {
      if (scheduler.nowMs >= givenUpMs) return undefined;
      await scheduler.delay(1);
    }
    this.locks.set(path, user);
    return { note: async () => {}, close: async () => void this.locks.delete(path) };
  }

  /** Counts a call and lets the world interfere with it. Gives what is left to happen to it. */
  private interfere(user: DiskUser, call: DiskCall): 'flip' | NodeJS.ErrnoException | undefined {
    if (!user.isOn) return undefined;
    this.calls += 1;
    const fault = this.options.faults(call);
    if (fault?.kind === 'power cut') this.powerCut();
    if (fault?.kind === 'kill') this.kill();
    if (fault?.kind === 'flip') return 'flip';
    return fault?.kind === 'error' ? diskError(fault.code) : undefined;
  }

  /** A call that takes its time. `effect` happens at its end. */
  private async waiting<T>(
    user: DiskUser,
    call: Omit<DiskCall, 'isBlocking'>,
    effect: (isFlipped: boolean) => T,
    failed?: (error: NodeJS.ErrnoException) => void,
  ): Promise<T> {
    checkOn(user);
    const fault = this.interfere(user, { ...call, isBlocking: false });
    checkOn(user);
    await this.options.scheduler.turn();
    checkOn(user);
    if (fault === undefined || fault === 'flip') return effect(fault === 'flip');
    failed?.(fault);
    throw fault;
  }

  private blocking<T>(
    user: DiskUser,
    call: Omit<DiskCall, 'isBlocking'>,
    effect: (isFlipped: boolean) => T,
    failed?: (error: NodeJS.ErrnoException) => void,
  ): T {
    const fault = this.interfere(user, { ...call, isBlocking: true });
    if (fault === undefined || fault === 'flip') return effect(fault === 'flip');
    failed?.(fault);
    throw fault;
  }

  private async open(
    user: DiskUser,
    image: DiskImage,
    path: string,
    options: OpenOptions,
  ): Promise<DiskFile> {
    const kind = options.mode === 'create' ? 'entry' : 'open';
    const file = await this.waiting(user, { kind, path }, () => openFile(image, path, options.mode));
    const isDurable = options.durable === true;
    return {
      write: (data, offset) => {
        const change: FileChange = { kind: 'write', offset, data: Buffer.from(data), isDone: false };
        return this.change(user, path, file, change, isDurable);
      },
      truncate: (length) => this.change(user, path, file, { kind: 'truncate', length, isDone: false }, false),
      read: (offset, length) =>
        this.waiting(user, { kind: 'read', path }, (isFlipped) => this.read(file, offset, length, isFlipped)),
      size: () => this.waiting(user, { kind: 'look', path }, () => file.cached.length),
      sync: async () => {
        checkOn(user);
        const changes = file.syncable;
        const failed = (): void => file.lost(changes, this.options.random);
        await this.waiting(user, { kind: 'sync', path }, () => file.synced(changes), failed);
      },
      close: async () => {},
    };
  }

  private async change(
    user: DiskUser,
    path: string,
    file: FileImage,
    change: FileChange,
    isDurable: boolean,
  ): Promise<void> {
    checkOn(user);
    file.begin(change);
    const kind = change.kind === 'truncate' ? 'truncate' : isDurable ? 'durable write' : 'write';
    const failed = (error: NodeJS.ErrnoException): void => {
      if (isDurable && error.code === 'EIO') {
        // The write was done and its sync failed.
        file.complete(change, false);
        file.lost(
          file.pending.filter(({ isDone }) => isDone),
          this.options.random,
        );
      } else this.failPartly(file, change);
    };
    await this.waiting(user, { kind, path }, () => file.complete(change, isDurable), failed);
  }

  private failPartly(file: FileImage, change: FileChange): void {
    const { random } = this.options;
    const bytes = change.kind === 'write' ? change.data.length : 0;
    // A full disk may also turn up when all was written and is being synced.
    file.fail(change, random() < 0.2 ? bytes : integerBetween(random, 0, bytes));
  }

  private read(file: FileImage, offset: number, length: number, isFlipped: boolean): Buffer {
    const bytes = file.cached.read(offset, length);
    if (isFlipped && bytes.length > 0) {
      const { random } = this.options;
      const at = integerBetween(random, 0, bytes.length - 1);
      bytes[at] = (bytes[at] as number) ^ (1 << integerBetween(random, 0, 7));
    }
    return bytes;
  }

  private async syncDirectory(user: DiskUser, image: DiskImage, path: string): Promise<void> {
    checkOn(user);
    const directory = directoryOf(image, path);
    const changes: readonly EntryChange[] = [...directory.pending];
    await this.waiting(user, { kind: 'sync', path }, () => directory.synced(changes));
  }

  private openBlocking(
    user: DiskUser,
    image: DiskImage,
    path: string,
    mode: OpenOptions['mode'],
  ): BlockingFile {
    const kind = mode === 'create' ? 'entry' : 'open';
    const file = this.blocking(user, { kind, path }, () => openFile(image, path, mode));
    const changed = (change: FileChange): void => {
      file.begin(change);
      const failed = (): void => this.failPartly(file, change);
      this.blocking(user, { kind: change.kind, path }, () => file.complete(change, false), failed);
    };
    return {
      read: (target, offset) => {
        const read = (isFlipped: boolean): Buffer => {
          if (isFlipped) this.options.onMisread();
          return this.read(file, offset, target.length, isFlipped);
        };
        const bytes = this.blocking(user, { kind: 'read', path }, read);
        target.set(bytes);
        return bytes.length;
      },
      write: (data, offset) => changed({ kind: 'write', offset, data: Buffer.from(data), isDone: false }),
      truncate: (length) => changed({ kind: 'truncate', length, isDone: false }),
      status: () => ({ bytes: file.cached.length, device: 1, inode: file.inode }),
      close: () => {},
    };
  }
}

function checkOn(user: DiskUser): void {
  if (!user.isOn) throw new MachineOffError('the simulated machine is off');
}

function directoryOf(image: DiskImage, path: string): DirectoryImage {
  const directory = image.directories.get(path);
  if (directory === undefined) throw diskError('ENOENT');
  return directory;
}

function namesOf(image: DiskImage, path: string): string[] {
  return [...(image.directories.get(path)?.cached.keys() ?? [])].sort();
}

/** With its parents, and durably: what the port promises is done at once. */
function make(image: DiskImage, path: string): void {
  if (image.directories.has(path) || path === dirname(path)) return;
  make(image, dirname(path));
  image.directories.set(path, new DirectoryImage());
}

function openFile(image: DiskImage, path: string, mode: OpenOptions['mode']): FileImage {
  const directory = directoryOf(image, dirname(path));
  const name = basename(path);
  const known = directory.cached.get(name);
  if (mode === 'create') {
    if (known !== undefined) throw diskError('EEXIST');
    const file = new FileImage();
    directory.change({ kind: 'create', name, file });
    return file;
  }
  if (known === undefined) throw diskError('ENOENT');
  return known;
}

function rename(image: DiskImage, from: string, to: string): void {
  const directory = directoryOf(image, dirname(to));
  const name = basename(from);
  const file = directory.cached.get(name);
  if (file === undefined || dirname(from) !== dirname(to)) throw diskError('ENOENT');
  directory.change({ kind: 'rename', name: basename(to), from: name, file });
}

function remove(image: DiskImage, path: string): void {
  const directory = image.directories.get(dirname(path));
  const name = basename(path);
  if (directory?.cached.has(name)) directory.change({ kind: 'remove', name });
}
