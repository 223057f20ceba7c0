/**
 * Finds a consultation's events wherever they are: the newest in memory, the rest by the index; their bytes in
 * the journal or in the sealed segments. Only durable events are found.
 */
import type { ConsultationHead } from '../domain/consultation-head.js';
import type { ConsultationSummary, ListFilter, ListPlace } from '../domain/consultation-list.js';
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import {
  GENESIS_HASH,
  HASH_BYTES,
  LinkView,
  type SequencedLink,
  sha256Latin1,
} from '../domain/stored-event.js';
import { isUuidV7 } from '../domain/uuid.js';
import type { ConsultationIndex } from '../index/consultation-index.js';
import type { IndexEntry } from '../index/index-layout.js';
import type { CommitLog } from '../log/commit-log.js';
import { LruMap } from '../ops/lru-map.js';
import type { SegmentArchive } from '../segments/segment-archive.js';
import type { RecentEvent, RecentEvents } from './recent-events.js';

/** Where an event with a known id is. */
export interface LocatedEvent {
  consultationId: string;
  version: number;
  typeCode: number;
}

/** An append that came with a key. */
export interface KeyedAppend {
  consultationId: string;
  /** Of its first event, as the time. */
  version: number;
  events: number;
  timestampMs: number;
}

/** An event as it is stored. */
export interface StoredRecord {
  record: Buffer;
  /** The hash that stands before it, latin1; sealed segments keep none for each event. */
  previousHash: string | undefined;
}

export class EventFinder {
  private readonly heads = new LruMap<string, ConsultationHead>(limits.cachedHeadsMax);

  constructor(
    private readonly log: CommitLog,
    private readonly index: ConsultationIndex,
    private readonly archive: SegmentArchive,
    readonly recent: RecentEvents,
  ) {}

  /** The head after everything accepted, durable or not; what the next append builds on. */
  acceptedHead(consultationId: string): ConsultationHead | undefined {
    const recent = this.recent.newestOf(consultationId);
    if (recent !== undefined) return recent.head;
    const cached = this.heads.get(consultationId);
    if (cached !== undefined) return cached;
    if (!isUuidV7(consultationId)) return undefined;
    const indexed = this.index.head(consultationId);
    if (indexed !== undefined) this.heads.set(consultationId, indexed);
    return indexed;
  }

  /** The index has taken in everything up to a sequence. */
  indexed(sequence: number): void {
    this.index.refresh();
    this.recent.dropIndexed(sequence, (head) => this.heads.set(head.consultationId, head));
  }

  /** The version after the newest durable event; 0 if the consultation is not there. */
  durableVersion(consultationId: string): number {
    const recent = this.recent.of(consultationId);
    const durable = recent.findLast(({ sequence }) => sequence > 0);
    if (durable !== undefined) return durable.head.version;
    const oldest = recent[0];
    return oldest === undefined ? (this.acceptedHead(consultationId)?.version ?? 0) : oldest.head.version - 1;
  }

  /** The durable entries of versions `fromVersion` to `toVersion`, as far as there are any. */
  entries(consultationId: string, fromVersion: number, toVersion: number): IndexEntry[] {
    const last = Math.min(toVersion, this.durableVersion(consultationId));
    const recent = this.recent.of(consultationId);
    const firstRecent = recent[0]?.head.version ?? last + 1;
    const indexedCount = Math.min(last, firstRecent - 1) - fromVersion + 1;
    const indexed = indexedCount > 0 ? this.index.entries(consultationId, fromVersion, indexedCount) : [];
    const newer = recent
      .slice(Math.max(0, fromVersion - firstRecent), Math.max(0, last - firstRecent + 1))
      .map(entryOf);
    const entries = [...indexed, ...newer];
    assert(entries.length === Math.max(0, last - fromVersion + 1), 'the index has every durable event');
    return entries;
  }

  /** The entries of one type that the index has: `limit` of them after the first `offset`. */
  entriesOfType(consultationId: string, typeCode: number, offset: number, limit: number): IndexEntry[] {
    return this.index.entriesOfType(consultationId, typeCode, offset, limit);
  }

  /** The consultations that the index lists (ConsultationIndex.list). */
  list(filter: ListFilter, after: ListPlace | undefined, limit: number): ConsultationSummary[] {
    return this.index.list(filter, after, limit);
  }

  /** Finds an event by its id, accepted or durable. */
  locate(eventId: string): LocatedEvent | undefined {
    const recent = this.recent.find(eventId);
    if (recent !== undefined) {
      const { consultationId, version } = recent.head;
      return { consultationId, version, typeCode: recent.typeCode };
    }
    const found = isUuidV7(eventId) ? this.index.locate(eventId) : undefined;
    if (found === undefined) return undefined;
    const entry = this.index.entries(found.consultationId, found.version, 1)[0];
    return entry === undefined ? undefined : { ...found, typeCode: entry.typeCode };
  }

  /** Finds an append, accepted or durable, by the digest of its key. One whose time is over may still be found. */
  locateKey(digest: string): KeyedAppend | undefined {
    const recent = this.recent.findByKey(digest);
    if (recent === undefined) return this.index.keyed(digest);
    const { consultationId, version, updatedMs: timestampMs } = recent.head;
    return { consultationId, version, events: recent.key?.events ?? 0, timestampMs };
  }

  /** The links of entries, in their order. Each is checked against its hash. */
  async links(consultationId: string, entries: readonly IndexEntry[]): Promise<SequencedLink[]> {
    const { sealed, unsealed } = this.bySource(entries);
    const [fromArchive, fromLog] = await Promise.all([
      this.sealedLinks(consultationId, sealed),
      this.log.read(unsealed.map(({ sequence }) => sequence)),
    ]);
    const links = [...fromArchive, ...fromLog];
    entries.forEach((entry, index) => {
      const link = links[index];
      if (link === undefined || sha256Latin1(link.link) !== entry.hash) throw damaged(entry.sequence);
    });
    return links;
  }

  /** The events `from` to `to`, all durable, in order. Each is checked against its hash. */
  async range(from: number, to: number): Promise<SequencedLink[]> {
    // In one turn of the event loop, as in `bySource`.
    const sealedTo = Math.min(to, this.log.firstSequence - 1);
    const [records, fromLog] = await Promise.all([
      this.archive.readRecords(sequences(from, sealedTo)),
      this.log.read(sequences(Math.max(from, sealedTo + 1), to)),
    ]);
    const sealed = records.map((record, index) => this.checkedSealed(record, from + index));
    for (const { sequence, link } of fromLog) {
      if (this.hashOfEvent(link) !== sha256Latin1(link)) throw damaged(sequence);
    }
    return [...sealed, ...fromLog];
  }

  /** The link of a record of the archive. The index has the hash before it, and the one that it must have. */
  private checkedSealed(record: Buffer, sequence: number): SequencedLink {
    const link = Buffer.allocUnsafe(HASH_BYTES + record.length);
    link.set(record, HASH_BYTES);
    const { consultationId, version } = new LinkView(link);
    const entries = this.index.entries(consultationId, Math.max(1, version - 1), Math.min(2, version));
    const before = version === 1 ? GENESIS_HASH : entries[0]?.hash;
    if (before === undefined) throw damaged(sequence);
    link.write(before, 0, 'latin1');
    if (entries.at(-1)?.hash !== sha256Latin1(link)) throw damaged(sequence);
    return { sequence, link };
  }

  /** The hash that an event of the log was acknowledged with. */
  private hashOfEvent(link: Buffer): string | undefined {
    const view = new LinkView(link);
    const recent = this.recent.find(view.eventId);
    if (recent !== undefined) return recent.head.hash;
    return this.index.entries(view.consultationId, view.version, 1)[0]?.hash;
  }

  /** What is stored of entries, in their order, and nothing of it checked. */
  async storedRecords(entries: readonly IndexEntry[]): Promise<StoredRecord[]> {
    const { sealed, unsealed } = this.bySource(entries);
    const [records, links] = await Promise.all([
      this.archive.readRecords(sealed.map(({ sequence }) => sequence)),
      this.log.read(unsealed.map(({ sequence }) => sequence)),
    ]);
    return [
      ...records.map((record): StoredRecord => ({ record, previousHash: undefined })),
      ...links.map(({ link }): StoredRecord => {
        const previousHash = link.toString('latin1', 0, HASH_BYTES);
        return { record: link.subarray(HASH_BYTES), previousHash };
      }),
    ];
  }

  /** Which entries are in sealed segments and which in the log. To be read in the same turn of the event loop. */
  private bySource(entries: readonly IndexEntry[]): { sealed: IndexEntry[]; unsealed: IndexEntry[] } {
    const oldestInLog = this.log.firstSequence;
    return {
      sealed: entries.filter(({ sequence }) => sequence < oldestInLog),
      unsealed: entries.filter(({ sequence }) => sequence >= oldestInLog),
    };
  }

  private async sealedLinks(id: string, entries: readonly IndexEntry[]): Promise<SequencedLink[]> {
    if (entries.length === 0) return [];
    const records = await this.archive.readRecords(entries.map(({ sequence }) => sequence));
    return entries.map(({ version, sequence }, index) => {
      const before = entries[index - 1];
      const previousHash = before?.version === version - 1 ? before.hash : this.hashOf(id, version - 1);
      const record = records[index] as Buffer;
      const link = Buffer.allocUnsafe(HASH_BYTES + record.length);
      link.write(previousHash, 0, 'latin1');
      link.set(record, HASH_BYTES);
      return { sequence, link };
    });
  }

  private hashOf(consultationId: string, version: number): string {
    if (version === 0) return GENESIS_HASH;
    return this.index.entries(consultationId, version, 1)[0]?.hash ?? GENESIS_HASH;
  }
}

function entryOf({ head, sequence, typeCode }: RecentEvent): IndexEntry {
  return { version: head.version, sequence, typeCode, hash: head.hash };
}

function sequences(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function damaged(sequence: number): CodedError {
  return new CodedError(
    'ARCHIVE_DAMAGED',
    `Event ${sequence} is not what was stored: its bytes do not match its hash. Nothing was changed; see docs/operating.md, "Damage".`,
  );
}
