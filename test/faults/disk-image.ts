/**
 * What a simulated disk holds: of each file and directory what is on stable storage, what a process sees, and the
 * changes in between, which a power cut may or may not leave.
 *
 * - A change of a file is durable after a sync of that file that began after the change was done; a change of a
 *   directory after a sync of that directory.
 * - Of the others a power cut leaves any subset, and of a write any of its sectors, or its first bytes.
 * - A change that was begun and is not done is one of these others.
 */
import { integerBetween, type Random } from '../../src/domain/seeded-random.js';

/** What a power cut writes or does not write, where nothing else is said, in bytes. */
const SECTOR_BYTES = 512;

/** Bytes that grow. */
export class Content {
  private bytes = Buffer.alloc(256);
  length = 0;

  copy(): Content {
    const copy = new Content();
    copy.bytes = Buffer.from(this.bytes.subarray(0, this.length));
    copy.length = this.length;
    return copy;
  }

  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(data, offset);
    this.length = Math.max(this.length, end);
  }

  truncate(length: number): void {
    if (length > this.length) this.write(this.length, Buffer.alloc(length - this.length));
    this.bytes.fill(0, length);
    this.length = length;
  }

  /** A copy of what is there. */
  read(offset: number, length: number): Buffer {
    return Buffer.from(
      this.bytes.subarray(Math.min(offset, this.length), Math.min(offset + length, this.length)),
    );
  }

  flip(offset: number, bit: number): void {
    this.bytes[offset] = (this.bytes[offset] as number) ^ (1 << bit);
  }
}

export type FileChange = { isDone: boolean } & (
  | { kind: 'write'; offset: number; data: Buffer }
  | { kind: 'truncate'; length: number }
);

/** Applies a change, or the first `bytes` of one that writes. */
function applyToFile(content: Content, change: FileChange, bytes = Number.POSITIVE_INFINITY): void {
  if (change.kind === 'truncate') content.truncate(change.length);
  else if (bytes > 0) content.write(change.offset, change.data.subarray(0, bytes));
}

let inodes = 0;

export class FileImage {
  readonly inode: number;
  pending: FileChange[] = [];

  constructor(
    private durable = new Content(),
    /** What a process reads. */
    readonly cached = new Content(),
  ) {
    inodes += 1;
    this.inode = inodes;
  }

  begin(change: FileChange): FileChange {
    this.pending.push(change);
    return change;
  }

  /** It is done; and on stable storage, if it was asked to be. */
  complete(change: FileChange, isDurable: boolean): void {
    applyToFile(this.cached, change);
    this.pending = this.pending.filter((other) => other !== change);
    if (isDurable) applyToFile(this.durable, change);
    else this.pending.push({ ...change, isDone: true });
  }

  /** It failed after some bytes. */
  fail(change: FileChange, bytes: number): void {
    this.pending = this.pending.filter((other) => other !== change);
    if (change.kind !== 'write' || bytes === 0) return;
    const part: FileChange = { ...change, data: change.data.subarray(0, bytes), isDone: true };
    applyToFile(this.cached, part);
    this.pending.push(part);
  }

  /** The changes that a sync that begins now makes durable. */
  get syncable(): readonly FileChange[] {
    return this.pending.filter(({ isDone }) => isDone);
  }

  synced(changes: readonly FileChange[]): void {
    for (const change of changes) applyToFile(this.durable, change);
    this.pending = this.pending.filter((change) => !changes.includes(change));
  }

  /**
   * A sync that failed: the system takes the pages for clean, whether they, or some sectors of them, reached the disk
   * or not, and no later sync writes them. It may also forget what they held.
   */
  lost(changes: readonly FileChange[], random: Random): void {
    this.pending = this.pending.filter((change) => !changes.includes(change));
    for (const change of changes) {
      const fate = random();
      if (fate < 0.4) applyToFile(this.durable, change);
      else if (fate < 0.6 && change.kind === 'write') tear(this.durable, change, random);
    }
    if (random() < 0.5) return;
    const { durable } = this;
    this.cached.truncate(0);
    this.cached.write(0, durable.read(0, durable.length));
    for (const change of this.pending) if (change.isDone) applyToFile(this.cached, change);
  }

  /** The file after a power cut. */
  afterPowerCut(random: Random): FileImage {
    const left = this.durable.copy();
    const style = integerBetween(random, 0, 3);
    for (const change of this.pending) {
      // Nothing of what was pending, all of it, or any part of any of it.
      if (style === 0) break;
      if (style === 1 || random() < 0.5) applyToFile(left, change);
      else if (change.kind === 'write') tear(left, change, random);
    }
    return new FileImage(left, left.copy());
  }

  /** The file after the process was killed: the system goes on, and finishes, or does not, what it was asked. */
  afterKill(random: Random): FileImage {
    const file = new FileImage(this.durable.copy(), this.cached.copy());
    for (const change of this.pending) {
      const bytes = change.kind === 'write' ? change.data.length : 0;
      if (change.isDone) file.pending.push(change);
      else file.fail(file.begin(change), random() < 0.5 ? bytes : integerBetween(random, 0, bytes));
    }
    return file;
  }

  /** Bytes on stable storage. */
  get durableBytes(): number {
    return this.durable.length;
  }

  /** Turns a bit of the file over, wherever it is kept; a second time turns it back. */
  rot(offset: number, bit: number): void {
    this.durable.flip(offset, bit);
    this.cached.flip(offset, bit);
  }
}

/** Leaves a part of a write: some bytes from its start, or some of its sectors. */
function tear(content: Content, change: FileChange & { kind: 'write' }, random: Random): void {
  if (random() < 0.5) {
    applyToFile(content, change, integerBetween(random, 0, change.data.length));
    return;
  }
  const end = change.offset + change.data.length;
  for (let at = change.offset; at < end; ) {
    const sectorEnd = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    const data = change.data.subarray(at - change.offset, sectorEnd - change.offset);
    if (random() < 0.5) content.write(at, data);
    at = sectorEnd;
  }
}

export type EntryChange =
  | { kind: 'create'; name: string; file: FileImage }
  | { kind: 'rename'; name: string; from: string; file: FileImage }
  | { kind: 'remove'; name: string };

type Entries = Map<string, FileImage>;

function applyToEntries(entries: Entries, change: EntryChange): void {
  if (change.kind === 'rename') entries.delete(change.from);
  if (change.kind === 'remove') entries.delete(change.name);
  else entries.set(change.name, change.file);
}

export class DirectoryImage {
  pending: EntryChange[] = [];

  constructor(
    private readonly durable: Entries = new Map(),
    /** What a process sees. */
    readonly cached: Entries = new Map(),
  ) {}

  change(change: EntryChange): void {
    applyToEntries(this.cached, change);
    this.pending.push(change);
  }

  synced(changes: readonly EntryChange[]): void {
    for (const change of changes) applyToEntries(this.durable, change);
    this.pending = this.pending.filter((change) => !changes.includes(change));
  }

  /** The directory after a power cut, with each file as `file` gives it. */
  afterPowerCut(random: Random, file: (before: FileImage) => FileImage): DirectoryImage {
    const entries = new Map(this.durable);
    const style = integerBetween(random, 0, 3);
    for (const change of this.pending) {
      if (style === 0 || (style === 1 && random() < 0.3)) break;
      if (style < 3 || random() < 0.5) applyToEntries(entries, change);
    }
    const left = new Map([...entries].map(([name, before]) => [name, file(before)]));
    return new DirectoryImage(left, new Map(left));
  }

  afterKill(file: (before: FileImage) => FileImage): DirectoryImage {
    const copied = (entries: Entries): Entries =>
      new Map([...entries].map(([name, before]) => [name, file(before)]));
    const directory = new DirectoryImage(copied(this.durable), copied(this.cached));
    directory.pending = this.pending.map((change) =>
      change.kind === 'remove' ? change : { ...change, file: file(change.file) },
    );
    return directory;
  }
}

export class DiskImage {
  constructor(readonly directories: Map<string, DirectoryImage> = new Map()) {}

  afterPowerCut(random: Random): DiskImage {
    const file = once((before) => before.afterPowerCut(random));
    return this.mapped((directory) => directory.afterPowerCut(random, file));
  }

  afterKill(random: Random): DiskImage {
    const file = once((before) => before.afterKill(random));
    return this.mapped((directory) => directory.afterKill(file));
  }

  private mapped(after: (directory: DirectoryImage) => DirectoryImage): DiskImage {
    return new DiskImage(new Map([...this.directories].map(([path, one]) => [path, after(one)])));
  }
}

/** The same file for the same file, by whatever name it is met. */
function once(make: (before: FileImage) => FileImage): (before: FileImage) => FileImage {
  const made = new Map<FileImage, FileImage>();
  return (before) => {
    const known = made.get(before) ?? make(before);
    made.set(before, known);
    return known;
  };
}
