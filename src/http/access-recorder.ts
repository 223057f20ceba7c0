/**
 * Gathers who accessed what, for the audit trail: accesses of the same kind within half a second become one entry.
 *
 * So the trail costs a request a look-up in a map, and the disk two writes a second, however much is going on. The
 * price is that a kill takes the last half second of it; what was appended meanwhile is in the log, with its user.
 */

import type { Action, Principal } from '../domain/access.js';
import type { AccessEntry } from '../domain/access-entry.js';
import { limits } from '../domain/limits.js';
import type { Logger } from '../ops/logger.js';
import type { EventStore } from '../store/event-store.js';

/** The subject of everybody, when nobody is asked who he is. */
const ANONYMOUS = 'anonymous';

export interface AccessRecorderOptions {
  store: Pick<EventStore, 'recordAccess'>;
  logger: Logger;
  delayMs?: number;
  waitingMax?: number;
}

export class AccessRecorder {
  /** What was not handed over yet, by its kind. */
  #gathered = new Map<string, AccessEntry>();
  /** What the store has not confirmed yet, oldest first. */
  #unsent: AccessEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isClosing = false;
  readonly #delayMs: number;
  readonly #waitingMax: number;

  constructor(private readonly options: AccessRecorderOptions) {
    this.#delayMs = options.delayMs ?? limits.auditDelayMs;
    this.#waitingMax = options.waitingMax ?? limits.auditWaitingMax;
  }

  /** Whether another entry would be taken. */
  get hasRoom(): boolean {
    return this.#gathered.size + this.#unsent.length < this.#waitingMax;
  }

  /**
   * Takes one access; false if there is no room for it, because the trail cannot be written. A `code` says that it
   * was denied. `address` stands for a sender whose credentials say nothing.
   */
  record(
    principal: Principal | undefined,
    action: Action,
    consultationId?: string,
    code?: string,
    address?: string,
  ): boolean {
    const who = principal ? `${principal.credential}\n${principal.role}\n${principal.subject}` : address;
    const kind = `${action}\n${consultationId}\n${code}\n${who}`;
    const now = Date.now();
    const known = this.#gathered.get(kind);
    if (known !== undefined) {
      known.count += 1;
      known.untilMs = Math.max(now, known.untilMs);
      return true;
    }
    if (!this.hasRoom) return false;
    this.#gathered.set(kind, {
      fromMs: now,
      untilMs: now,
      count: 1,
      subject: principal?.subject ?? (address === undefined ? ANONYMOUS : null),
      role: principal?.role ?? null,
      credential: principal?.credential ?? null,
      address: address ?? null,
      action,
      consultationId: consultationId ?? null,
      outcome: code === undefined ? 'granted' : 'denied',
      code: code ?? null,
    });
    if (this.#gathered.size >= limits.auditLineEntriesMax) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), this.#delayMs);
    return true;
  }

  /** Hands over what there is. Resolves once it is durable, or was refused: then it is lost, and the log says so. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#send();
    await this.#sending;
    const lost = this.#unsent.length + this.#gathered.size;
    if (lost > 0)
      this.options.logger.error({ entries: lost }, 'the end of the audit trail could not be written');
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      const isWaiting = this.#unsent.length + this.#gathered.size > 0;
      if (isWaiting && !this.#isClosing) this.#timer ??= setTimeout(() => this.#send(), limits.auditRetryMs);
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#gathered.size > 0 || this.#unsent.length > 0) {
      this.#unsent.push(...this.#gathered.values());
      this.#gathered = new Map();
      const line = this.#unsent.slice(0, limits.auditLineEntriesMax);
      try {
        await this.options.store.recordAccess(line);
      } catch (err) {
        this.options.logger.error({ err }, 'the audit trail could not be written; tried again shortly');
        return;
      }
      this.#unsent.splice(0, line.length);
    }
  }
}
