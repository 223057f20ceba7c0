/** Remembers the keys that appends came with, and forgets them after their time, a few at a time. */
import type { LinkView } from '../domain/stored-event.js';
import type { IndexTables } from './index-tables.js';
import { encodeKeyPlace, type KeyTime, keyTimeKey } from './key-layout.js';

/** How long keys are known. */
export interface KeysKept {
  keptMs: number;
  /** No key from before this time is of use to anybody: a rebuild passes them over. */
  sinceMs: number;
}

/** Forgotten with each batch, beside two for each of its events: more than can come. */
const FORGOTTEN_MIN = 100;

/** To be used within transactions of the index's writer. */
export class KeyMemory {
  readonly #tables: Pick<IndexTables, 'keys' | 'keyTimes'>;
  readonly #keptMs: number;
  #sinceMs: number;

  constructor(tables: IndexTables, { keptMs, sinceMs }: KeysKept) {
    this.#tables = tables;
    this.#keptMs = keptMs;
    this.#sinceMs = sinceMs;
  }

  /** Takes in the key of an event that has one. */
  add(view: LinkView, sequence: number): void {
    const { timestampMs } = view;
    if (timestampMs < this.#sinceMs) return;
    const digest = view.keyDigestBytes;
    this.#tables.keys.put(digest, encodeKeyPlace(view, sequence));
    this.#tables.keyTimes.put(keyTimeKey({ timestampMs, sequence }), digest);
  }

  /** Forgets keys whose time is over at `nowMs`, the time of the newest of `events` events that were taken in. */
  forget(nowMs: number, events: number): void {
    const { keys, keyTimes } = this.#tables;
    this.#sinceMs = Math.max(this.#sinceMs, nowMs - this.#keptMs);
    const over: { time: KeyTime; digest: Buffer }[] = [];
    const first = keyTimeKey({ timestampMs: 0, sequence: 0 });
    const end = keyTimeKey({ timestampMs: this.#sinceMs, sequence: 0 });
    keyTimes.scan(first, end, (time, digest) => over.push({ time, digest }) < FORGOTTEN_MIN + 2 * events);
    for (const { time, digest } of over) {
      keyTimes.remove(keyTimeKey(time));
      if (keys.get(digest)?.sequence === time.sequence) keys.remove(digest);
    }
  }
}
