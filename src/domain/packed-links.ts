/**
 * Links of consecutive events in one piece of memory: handed from thread to thread, and read without a view for each.
 *
 * Packs are written out field by field and never copied by spread, which gives each copy a hidden class of its own and
 * makes whatever reads their events slow.
 */
import { HASH_BYTES, type SequencedLink } from './stored-event.js';

export interface PackedLinks {
  /** The links one after another. */
  bytes: Buffer;
  /** Where each ends. */
  ends: Float64Array<ArrayBuffer>;
  /** The hashes of the events one after another, from whoever has computed them to check the chain. */
  hashes: Buffer | undefined;
}

export type HashedLinks = PackedLinks & { hashes: Buffer };

/** Packed links and the sequence of the first. */
export interface SequencedLinks extends PackedLinks {
  firstSequence: number;
}

/** Links that are put together one after another. */
export class LinkPack {
  bytes: Buffer;
  #length = 0;
  #count = 0;
  readonly #ends: Float64Array<ArrayBuffer>;

  /** For so many links, of about so many bytes together. */
  constructor(countMax: number, bytes: number) {
    this.#ends = new Float64Array(countMax);
    this.bytes = Buffer.allocUnsafeSlow(bytes);
  }

  get count(): number {
    return this.#count;
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room for the next link, which the caller writes into `bytes` where this says that it starts. */
  add(linkBytes: number): number {
    const start = this.#length;
    this.#length = start + linkBytes;
    this.#ends[this.#count] = this.#length;
    this.#count += 1;
    if (this.#length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    return start;
  }

  /** The link that was added last; a view that holds until the next one is added. */
  last(): Uint8Array {
    const start = this.#count < 2 ? 0 : (this.#ends[this.#count - 2] as number);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, this.#length - start);
  }

  packed(): PackedLinks {
    return {
      bytes: this.bytes.subarray(0, this.#length),
      ends: this.#ends.slice(0, this.#count),
      hashes: undefined,
    };
  }
}

/** Copies links, which are those of consecutive events, into one piece. */
export function packLinks(links: readonly SequencedLink[]): SequencedLinks {
  const length = links.reduce((sum, { link }) => sum + link.length, 0);
  const pack = new LinkPack(links.length, length);
  for (const { link } of links) pack.bytes.set(link, pack.add(link.length));
  const { bytes, ends, hashes } = pack.packed();
  return { firstSequence: links[0]?.sequence ?? 0, bytes, ends, hashes };
}

/** The links as views. */
export function linksOf({ bytes, ends }: PackedLinks): Buffer[] {
  const links: Buffer[] = [];
  let start = 0;
  for (const end of ends) {
    links.push(bytes.subarray(start, end));
    start = end;
  }
  return links;
}

export function unpackLinks(pack: SequencedLinks): SequencedLink[] {
  return linksOf(pack).map((link, index) => ({ sequence: pack.firstSequence + index, link }));
}

/** The links after the first `count`; views. */
export function withoutFirst({ bytes, ends, hashes }: PackedLinks, count: number): PackedLinks {
  if (count === 0) return { bytes, ends, hashes };
  const start = ends[count - 1] ?? 0;
  return {
    bytes: bytes.subarray(start),
    ends: ends.slice(count).map((end) => end - start),
    hashes: hashes?.subarray(count * HASH_BYTES),
  };
}

/** Whether the link at `index` is of the consultation whose id has these bytes. */
export function isOfConsultation({ bytes, ends }: PackedLinks, index: number, id: Buffer): boolean {
  const at = (index === 0 ? 0 : (ends[index - 1] as number)) + HASH_BYTES + 16;
  return bytes.compare(id, 0, id.length, at, at + id.length) === 0;
}
