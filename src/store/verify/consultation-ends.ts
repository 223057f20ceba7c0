/**
 * Where the chain of each consultation stands: the only thing a check keeps for as long as it runs.
 *
 * Two million consultations are a usual store, so they lie in typed memory and not in a Map: 56 bytes each, and
 * up to 16 for the hash table that finds them.
 *
 *   offset  size  field of an entry
 *        0    16  consultation id
 *       16    32  hash of its newest event; zeros before the first
 *       48     4  version of that event; 0 before the first
 *       52     4  how many gaps the store had shown by then
 */
import { randomBytes } from 'node:crypto';
import { HASH_BYTES } from '../../domain/stored-event.js';

const ID_BYTES = 16;
const VERSION_AT = ID_BYTES + HASH_BYTES;
const GAPS_AT = VERSION_AT + 4;
const ENTRY_BYTES = GAPS_AT + 4;
/** Entries that are allocated together: growing never copies what is there. */
const PAGE_ENTRIES = 4096;

/** Entries are numbered from 0 in the order of their first event. Growth is by adding only. */
export class ConsultationEnds {
  readonly #pages: Buffer[] = [];
  /** Open addressing: a slot holds the number of an entry plus 1, or 0 when it is free. */
  #slots = new Uint32Array(1024);
  #count = 0;
  /** Clients may choose ids; without it they could choose ones that all meet in one slot. */
  readonly #seed = randomBytes(4).readUInt32LE();

  /** How many consultations there are. */
  get count(): number {
    return this.#count;
  }

  /** The entry of a consultation (16 bytes), which is made with version 0 if there is none. */
  entryOf(id: Buffer): number {
    if (this.#count * 2 >= this.#slots.length) this.#growSlots();
    const slot = this.#slotOf(id, 0);
    const held = this.#slots[slot] as number;
    if (held > 0) return held - 1;
    const entry = this.#count;
    if (entry % PAGE_ENTRIES === 0) this.#pages.push(Buffer.alloc(PAGE_ENTRIES * ENTRY_BYTES));
    id.copy(this.#page(entry), this.#offset(entry));
    this.#count += 1;
    this.#slots[slot] = this.#count;
    return entry;
  }

  version(entry: number): number {
    return this.#page(entry).readUInt32LE(this.#offset(entry) + VERSION_AT);
  }

  /** The gaps at the consultation's newest event. */
  gaps(entry: number): number {
    return this.#page(entry).readUInt32LE(this.#offset(entry) + GAPS_AT);
  }

  /** Whether the first 32 bytes of a link are the hash of the consultation's newest event. */
  isFollowedBy(entry: number, link: Buffer): boolean {
    const start = this.#offset(entry) + ID_BYTES;
    return this.#page(entry).compare(link, 0, HASH_BYTES, start, start + HASH_BYTES) === 0;
  }

  /** Notes the newest event. `hash` is latin1. */
  advance(entry: number, version: number, hash: string, gaps: number): void {
    const page = this.#page(entry);
    const offset = this.#offset(entry);
    page.write(hash, offset + ID_BYTES, 'latin1');
    page.writeUInt32LE(version, offset + VERSION_AT);
    page.writeUInt32LE(gaps, offset + GAPS_AT);
  }

  #page(entry: number): Buffer {
    return this.#pages[Math.floor(entry / PAGE_ENTRIES)] as Buffer;
  }

  #offset(entry: number): number {
    return (entry % PAGE_ENTRIES) * ENTRY_BYTES;
  }

  /** The slot that holds the id at `start` of `source`, or the free one where it belongs. */
  #slotOf(source: Buffer, start: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#seed;
    for (let at = start; at < start + ID_BYTES; at += 4) {
      slot = Math.imul(slot ^ source.readInt32LE(at), 0x9e3779b1);
      slot ^= slot >>> 15;
    }
    slot &= mask;
    for (;;) {
      const held = this.#slots[slot] as number;
      if (held === 0 || this.#hasId(held - 1, source, start)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #hasId(entry: number, source: Buffer, start: number): boolean {
    const offset = this.#offset(entry);
    return this.#page(entry).compare(source, start, start + ID_BYTES, offset, offset + ID_BYTES) === 0;
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let entry = 0; entry < this.#count; entry += 1) {
      this.#slots[this.#slotOf(this.#page(entry), this.#offset(entry))] = entry + 1;
    }
  }
}
