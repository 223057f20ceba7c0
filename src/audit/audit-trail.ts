/** The audit trail of a data directory: adds to it, durably and in order, and reads it. */
import { join } from 'node:path';
import type { AccessEntry, AuditPage, AuditQuery } from '../domain/access-entry.js';
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { Disk, DiskFile } from '../ops/disk.js';
import { encodeLine, trailFileName } from './trail-format.js';
import { readPage } from './trail-page.js';
import { recoverTrail, type TrailEnd } from './trail-recovery.js';

export interface AuditTrailOptions {
  disk: Disk;
  directory: string;
  /** Milliseconds since 1970. */
  now?: () => number;
  fileBytesMax?: number;
  /** The trail can promise nothing more: the process must stop and recover. */
  onFailed: (error: CodedError) => void;
}

/** The newest entry and the hash of its line, which covers all before it. */
export interface TrailHead {
  /** 0 if there is none. */
  number: number;
  hash: string;
}

const NO_SPACE: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

export class AuditTrail {
  #file: DiskFile | undefined;
  /** Ends with the newest addition: each begins after the one before it. */
  #working: Promise<unknown> = Promise.resolve();
  #failure: CodedError | undefined;

  private constructor(
    private readonly options: AuditTrailOptions,
    private readonly end: TrailEnd,
  ) {}

  /** Recovers the trail. No file is made before there is something to write. AUDIT_DAMAGED as `recoverTrail`. */
  static async open(options: AuditTrailOptions): Promise<AuditTrail> {
    return new AuditTrail(options, await recoverTrail(options.disk, options.directory));
  }

  get head(): TrailHead {
    return { number: this.end.nextNumber - 1, hash: this.end.hash };
  }

  /** Bytes of a torn line that was cut off at the start. */
  get tornBytes(): number {
    return this.end.tornBytes;
  }

  /**
   * Adds a line, and resolves once it is on stable storage. STORAGE_FULL if there is no room: then nothing was added.
   * LOG_UNAVAILABLE if the disk failed: then nothing can be added any more.
   */
  append(entries: readonly AccessEntry[]): Promise<void> {
    assert(entries.length <= limits.auditLineEntriesMax, 'a line of the audit trail is short');
    const added = this.#working.then(() => this.#append(entries));
    this.#working = added.catch(() => undefined);
    return added;
  }

  read(query: AuditQuery): Promise<AuditPage> {
    const { disk, directory } = this.options;
    const { files, endOffset, nextNumber } = this.end;
    return readPage({ disk, directory, files: [...files], endOffset, nextNumber }, query);
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(entries: readonly AccessEntry[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (entries.length === 0) return;
    const { end } = this;
    const atMs = Math.max((this.options.now ?? Date.now)(), end.atMs);
    const { bytes, hash } = encodeLine({ previous: end.hash, number: end.nextNumber, atMs }, entries);
    try {
      const file = await this.#fileWithRoom();
      await file.write(bytes, end.endOffset);
    } catch (error) {
      throw await this.#refusal(error);
    }
    end.endOffset += bytes.length;
    end.nextNumber += entries.length;
    end.hash = hash;
    end.atMs = atMs;
  }

  async #fileWithRoom(): Promise<DiskFile> {
    const { disk, directory, fileBytesMax = limits.auditFileBytesMax } = this.options;
    const { end } = this;
    const newest = end.files.at(-1);
    if (newest !== undefined && end.endOffset < fileBytesMax) {
      const path = join(directory, trailFileName(newest));
      this.#file ??= await disk.open(path, { mode: 'write', durable: true });
      return this.#file;
    }
    await disk.makeDirectory(directory);
    const path = join(directory, trailFileName(end.nextNumber));
    const file = await disk.open(path, { mode: 'create', durable: true });
    await disk.syncDirectory(directory);
    await this.#file?.close();
    this.#file = file;
    end.files.push(end.nextNumber);
    end.endOffset = 0;
    return file;
  }

  /** What an addition that failed is refused with, after what it left was cut off. */
  async #refusal(cause: unknown): Promise<CodedError> {
    if (NO_SPACE.has((cause as NodeJS.ErrnoException).code)) {
      try {
        await this.#file?.truncate(this.end.endOffset);
        return new CodedError('STORAGE_FULL', 'The disk is full: the audit trail cannot be written.', {
          cause,
        });
      } catch {
        // What was left of the line would be in the way of the next one.
      }
    }
    this.#failure = new CodedError(
      'LOG_UNAVAILABLE',
      'The audit trail could not be written to stable storage. The service stops; a restart recovers what is durable.',
      { cause },
    );
    this.options.onFailed(this.#failure);
    return this.#failure;
  }
}
