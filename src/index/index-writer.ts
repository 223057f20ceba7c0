/**
 * Brings committed events into the index, in order and each once.
 *
 * The writer may be stopped at any moment: a batch and the sequence it reaches are one transaction, so that
 * after a crash the log is read again from `appliedSequence + 1`, and what comes twice is passed over.
 */
import { statfsSync } from 'node:fs';
import { advanceHead, type ConsultationHead } from '../domain/consultation-head.js';
import { summaryOf } from '../domain/consultation-list.js';
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { GENESIS_HASH, LinkView, type SequencedLink } from '../domain/stored-event.js';
import { uuidBytes } from '../domain/uuid.js';
import { APPLIED_KEY, encodeEntry, encodeHead, encodeNumber, encodePlace, eventKey } from './index-layout.js';
import {
  type IndexStorage,
  type IndexTables,
  lmdbStorage,
  type OpenedIndex,
  readAppliedSequence,
} from './index-tables.js';
import { KeyMemory, type KeysKept } from './key-memory.js';
import { kindOf, listedByKey, listedKey, userKey } from './listing-layout.js';
import { readSnapshotPlace } from './snapshot-layout.js';

const NOTHING = Buffer.alloc(0);
const KEYS_KEPT: KeysKept = { keptMs: limits.idempotencyHoursDefault * 3_600_000, sinceMs: 0 };

interface ChangedHead {
  key: Buffer;
  head: ConsultationHead;
  /** The kind that it is listed as; none if it is new. */
  listedKind: number | undefined;
}

/**
 * Only one may be open on a directory; the lock of the data directory sees to that.
 *
 * A thread that has one is asked to close it and never terminated from outside: in the middle of `apply` that
 * would leave LMDB's write lock taken for as long as the process lives.
 */
export class IndexWriter {
  #appliedSequence: number;
  readonly #keys: KeyMemory;

  private constructor(
    private readonly tables: IndexTables,
    private readonly directory: string,
    keysKept: KeysKept,
  ) {
    this.#keys = new KeyMemory(tables, keysKept);
    this.#appliedSequence = readAppliedSequence(tables);
  }

  /** Opens, or makes, the index in a directory. Errors are those of `openIndexTables`. */
  static async open(
    directory: string,
    storage: IndexStorage = lmdbStorage,
    keysKept = KEYS_KEPT,
  ): Promise<OpenedIndex<IndexWriter>> {
    const opened = await storage.open(directory);
    return opened.kind === 'open'
      ? { kind: 'open', index: new IndexWriter(opened.index, directory, keysKept) }
      : opened;
  }

  /**
   * The sequence of the newest event in the index; 0 when it is empty. It can be past the log's head only when
   * the log lost events it had not synced (`FI_DURABILITY=os`): then the index has to be deleted and rebuilt.
   */
  get appliedSequence(): number {
    return this.#appliedSequence;
  }

  /**
   * Brings in events with consecutive sequences, in one transaction; those it has are passed over.
   *
   * Throws a CodedError and changes nothing: LOG_DAMAGED when an event does not follow the one before it in
   * its consultation, STORAGE_FULL or INTERNAL_ERROR when the index cannot be written. After the last two the
   * writer has to be closed and opened again.
   */
  apply(links: readonly SequencedLink[]): void {
    const first = links[0]?.sequence;
    if (first === undefined) return;
    assert(first <= this.#appliedSequence + 1, `event ${this.#appliedSequence + 1} is not left out`);
    const known = this.#appliedSequence + 1 - first;
    if (known >= links.length) return;
    this.tables.environment.transaction(() => this.#put(links, known));
    this.#appliedSequence = first + links.length - 1;
  }

  /**
   * Keeps the state of a consultation (snapshot-layout.ts) in place of an older one; passed over if it is of an
   * event that the index has not, or if the disk is nearly full: a state can always be made again from events.
   */
  snapshot(consultationId: string, value: Uint8Array): void {
    const { environment, events, snapshots } = this.tables;
    const { version, hash } = readSnapshotPlace(
      Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    );
    const key = uuidBytes(consultationId);
    if (events.get(eventKey(key, version))?.hash !== hash) return;
    const { bavail, bsize } = statfsSync(this.directory);
    if (bavail * bsize < limits.snapshotFreeBytesMin) return;
    environment.transaction(() => snapshots.put(key, value));
  }

  async close(): Promise<void> {
    await this.tables.environment.close();
  }

  #put(links: readonly SequencedLink[], known: number): void {
    const changed = new Map<string, ChangedHead>();
    let sequence = this.#appliedSequence;
    for (let index = known; index < links.length; index += 1) {
      const next = links[index] as SequencedLink;
      sequence += 1;
      assert(next.sequence === sequence, `event ${sequence} is followed by the one after it`);
      this.#putEvent(next, changed);
    }
    for (const entry of changed.values()) {
      this.tables.heads.put(entry.key, encodeHead(entry.head));
      this.#list(entry);
    }
    const newest = links.at(-1) as SequencedLink;
    this.#keys.forget(new LinkView(newest.link).timestampMs, links.length - known);
    this.tables.meta.put(APPLIED_KEY, encodeNumber(sequence));
  }

  #putEvent({ sequence, link }: SequencedLink, changed: Map<string, ChangedHead>): void {
    const view = new LinkView(link);
    const key = view.consultationIdBytes;
    const name = key.toString('latin1');
    const known = changed.get(name);
    const before = known?.head ?? this.#storedHead(view, key);
    checkFollows(before, view, sequence);
    const hash = view.hash;
    const head = advanceHead(before, view, sequence, hash);
    if (known !== undefined) known.head = head;
    else changed.set(name, { key, head, listedKind: before && kindOfHead(before) });
    this.tables.events.put(eventKey(key, view.version), encodeEntry(sequence, view.typeCode, hash));
    this.tables.eventIds.put(view.eventIdBytes, encodePlace(key, view.version));
    if (view.keyEvents > 0) this.#keys.add(view, sequence);
  }

  /** Brings a consultation into the lists, or from the kind that it was to the one that it is. */
  #list({ head, listedKind }: ChangedHead): void {
    const kind = kindOfHead(head);
    if (kind === listedKind) return;
    const { listed, listedBy } = this.tables;
    const user = userKey(head.userId);
    if (listedKind !== undefined) {
      listed.remove(listedKey(listedKind, head));
      listedBy.remove(listedByKey(user, listedKind, head));
    }
    listed.put(listedKey(kind, head), NOTHING);
    listedBy.put(listedByKey(user, kind, head), NOTHING);
  }

  #storedHead(view: LinkView, key: Buffer): ConsultationHead | undefined {
    const stored = this.tables.heads.get(key);
    return stored && { consultationId: view.consultationId, ...stored };
  }
}

function kindOfHead(head: ConsultationHead): number {
  const { status, urgency } = summaryOf(head);
  return kindOf(status, urgency);
}

function checkFollows(head: ConsultationHead | undefined, view: LinkView, sequence: number): void {
  const version = (head?.version ?? 0) + 1;
  if (view.version === version && view.previousHash === (head?.hash ?? GENESIS_HASH)) return;
  const consultationId = view.consultationId;
  throw new CodedError(
    'LOG_DAMAGED',
    `Event ${sequence} of the log, version ${view.version} of consultation ${consultationId}, does not follow version ${version - 1}: the hash chain is broken. Run "fi-consult verify" to see all that is damaged, and restore it from a backup`,
    { extensions: { sequence, consultation_id: consultationId, version: view.version } },
  );
}
