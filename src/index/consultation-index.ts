/**
 * Answers where the events of a consultation are and what it has come to, from the index.
 *
 * All reads are synchronous and take microseconds when the pages are in memory. A read sees the newest commit
 * of the writer as of the event loop's turn it happens in, or as of the last `refresh`.
 */
import type { ConsultationHead } from '../domain/consultation-head.js';
import {
  type ConsultationSummary,
  type ListFilter,
  type ListPlace,
  summaryOf,
} from '../domain/consultation-list.js';
import { assert } from '../domain/errors.js';
import { uuidBytes } from '../domain/uuid.js';
import { type EventPlace, eventKey, type IndexEntry } from './index-layout.js';
import {
  type IndexStorage,
  type IndexTables,
  lmdbStorage,
  type OpenedIndex,
  readAppliedSequence,
} from './index-tables.js';
import type { KeyPlace } from './key-layout.js';
import { keyRange, kindsOf } from './listing-layout.js';
import { mergedPlaces } from './merged-places.js';
import type { Snapshot } from './snapshot-layout.js';

const VERSION_MAX = 0xffff_ffff;

export class ConsultationIndex {
  private constructor(private readonly tables: IndexTables) {}

  /**
   * Opens, or makes, the index in a directory. Errors are those of `openIndexTables`.
   *
   * Only for the process that has the writer; another asks applied-sequence.ts.
   */
  static async open(
    directory: string,
    storage: IndexStorage = lmdbStorage,
  ): Promise<OpenedIndex<ConsultationIndex>> {
    const opened = await storage.open(directory);
    return opened.kind === 'open' ? { kind: 'open', index: new ConsultationIndex(opened.index) } : opened;
  }

  /** The sequence of the newest event in the index; 0 when it is empty. */
  appliedSequence(): number {
    return readAppliedSequence(this.tables);
  }

  /** The head of a consultation, or `undefined` if the index does not know it. */
  head(consultationId: string): ConsultationHead | undefined {
    const stored = this.tables.heads.get(uuidBytes(consultationId));
    return stored && { consultationId, ...stored };
  }

  /** Up to `count` events of a consultation from a version on, oldest first. */
  entries(consultationId: string, fromVersion: number, count: number): IndexEntry[] {
    const entries: IndexEntry[] = [];
    if (count <= 0) return entries;
    this.#scan(consultationId, fromVersion, (entry) => entries.push(entry) < count);
    return entries;
  }

  /**
   * Up to `limit` events of one type, oldest first, after passing over `offset` of that type.
   *
   * Looks at every event of the consultation up to the last one it gives: about a microsecond each.
   */
  entriesOfType(consultationId: string, typeCode: number, offset: number, limit: number): IndexEntry[] {
    const entries: IndexEntry[] = [];
    if (limit <= 0) return entries;
    let toPass = offset;
    this.#scan(consultationId, 1, (entry) => {
      if (entry.typeCode !== typeCode) return true;
      if (toPass === 0) return entries.push(entry) < limit;
      toPass -= 1;
      return true;
    });
    return entries;
  }

  /**
   * Up to `limit` consultations that match, newest start first, from after a place on (none: from the
   * first). Looks at what it gives and at nothing else: some microseconds each.
   */
  list(filter: ListFilter, after: ListPlace | undefined, limit: number): ConsultationSummary[] {
    const { listed, listedBy } = this.tables;
    const { userId, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = filter;
    if (toMs <= Math.max(0, fromMs)) return [];
    const table = userId === undefined ? listed : listedBy;
    const ranges = kindsOf(filter).map((kind) => {
      const { start, end } = keyRange(kind, filter, after);
      return table.keys(start, end);
    });
    return mergedPlaces(ranges, limit).map(({ consultationId }) => {
      const head = this.head(consultationId);
      assert(head !== undefined, 'a consultation that is listed has a head');
      return summaryOf(head);
    });
  }

  /**
   * The append that came with a key (its digest as latin1), or `undefined` if the index does not know it. A key whose
   * time is over may still be known.
   */
  keyed(digest: string): KeyPlace | undefined {
    return this.tables.keys.get(Buffer.from(digest, 'latin1'));
  }

  /** The consultation and version of an event, or `undefined` if the index does not know it. */
  locate(eventId: string): EventPlace | undefined {
    return this.tables.eventIds.get(uuidBytes(eventId));
  }

  /**
   * The state of a consultation as it was kept last, or `undefined` if there is none that can be trusted: it
   * must be whole, of today's form, and of an event that the consultation has.
   */
  snapshot(consultationId: string): Snapshot | undefined {
    const snapshot = this.tables.snapshots.get(uuidBytes(consultationId));
    if (snapshot === undefined) return undefined;
    const [entry] = this.entries(consultationId, snapshot.version, 1);
    return entry?.version === snapshot.version && entry.hash === snapshot.hash ? snapshot : undefined;
  }

  /** Makes the next read see the newest commit of the writer. */
  refresh(): void {
    this.tables.environment.refresh();
  }

  async close(): Promise<void> {
    await this.tables.environment.close();
  }

  #scan(consultationId: string, fromVersion: number, visit: (entry: IndexEntry) => boolean): void {
    const id = uuidBytes(consultationId);
    this.tables.events.scan(eventKey(id, fromVersion), eventKey(id, VERSION_MAX), (version, stored) =>
      visit({ version, ...stored }),
    );
  }
}
