/** What each peer is asked to do: the appending half of our own commit log's port. */
import type { CommitLog, LogAppend } from '../../src/log/commit-log.js';

/**
 * Stores links durably under their sequence and so that a consultation can be read back in order of version; refuses a
 * version that is taken.
 */
export type PeerLog = Pick<CommitLog, 'append' | 'close'>;

/** Bytes of a consultation's id. */
export function idBytes(consultationId: string): Buffer {
  return Buffer.from(consultationId.replaceAll('-', ''), 'hex');
}

export interface WaitingAppend {
  append: LogAppend;
  resolve: (sequence: number) => void;
  reject: (error: unknown) => void;
}

/**
 * Collects what comes within one turn of the event loop, for peers that do not do so themselves: `store` gets all of it
 * at once, stores it durably, and settles each.
 */
export function byTurn(
  store: (waiting: readonly WaitingAppend[]) => void,
): (append: LogAppend) => Promise<number> {
  let waiting: WaitingAppend[] = [];
  const storeAll = (): void => {
    const taken = waiting;
    waiting = [];
    store(taken);
  };
  return (append) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ append, resolve, reject }) === 1) setImmediate(storeAll);
    });
}
