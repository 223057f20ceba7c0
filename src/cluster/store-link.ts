/**
 * A worker's connection to the store: calls in flight, what becomes of them when it breaks, and the next attempt.
 *
 * A call that was not handed to the system when the connection broke was not done. Of one that was, the store may have
 * done it and have been stopped before it could say so: for calls that store something, that is OUTCOME_UNKNOWN.
 */
import { connect, type Socket } from 'node:net';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { Logger } from '../ops/logger.js';
import { type Frame, FrameReader, FrameWriter } from './frames.js';
import {
  type Answered,
  type Asked,
  type CallName,
  KIND,
  PROTOCOL,
  type StoreHello,
  type StoreLoad,
  unpackAnswer,
  unpackFailure,
  type WorkerHello,
  WRITES,
} from './protocol.js';

export interface StoreLinkOptions {
  path: string;
  /** Of the program; the store must be of the same. */
  version: string;
  logger: Logger;
  /** The store is of another version, so that this process can do nothing any more. */
  onRefused: (error: CodedError) => void;
  /** What the store is told when it asks for the figures of this process. */
  figures?: () => Promise<unknown>;
}

interface Call {
  name: CallName;
  /** Its place in the order of all calls. */
  order: number;
  sinceMs: number;
  /** Events that it wants stored, and the bytes of its frame. */
  events: number;
  bytes: number;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** How a call counts. `quick`: one that stores something and does not wait for room. `feed`: it may wait for ever. */
export type CallKind = 'quick' | 'other' | 'feed';

export class StoreLink {
  /** What the store said last. */
  load: StoreLoad = { workers: 1, unindexed: 0, unindexedMax: 1 };
  /** Calls in flight, each kind in the order they were made. */
  private readonly calls = {
    quick: new Map<number, Call>(),
    other: new Map<number, Call>(),
    feed: new Map<number, Call>(),
  } as const;
  /** Events and bytes of the quick ones. */
  private events = 0;
  private bytes = 0;
  private lastId = 0;
  private lastOrder = 0;
  private sentOrder = 0;
  private socket: Socket | undefined;
  private writer: FrameWriter | undefined;
  private greeted: StoreHello | undefined;
  /** Looks that found nothing new from the store. */
  private silentBeats = 0;
  private pauseMs: number = limits.reconnectMsMin;
  private retry: NodeJS.Timeout | undefined;
  private readonly beat: NodeJS.Timeout;
  private isClosed = false;
  private wakers: { resolve(hello: StoreHello): void; reject(error: CodedError): void }[] = [];

  constructor(private readonly options: StoreLinkOptions) {
    this.beat = setInterval(() => this.look(), limits.storeBeatMs);
    this.dial();
  }

  /** What the store said first; `undefined` while there is no connection. */
  get hello(): StoreHello | undefined {
    return this.greeted;
  }

  /** Resolves once there is a connection. */
  connected(): Promise<StoreHello> {
    if (this.greeted !== undefined) return Promise.resolve(this.greeted);
    if (this.isClosed) return Promise.reject(stopping());
    return new Promise((resolve, reject) => this.wakers.push({ resolve, reject }));
  }

  /** Events that wait for the answer of the store, their bytes, and how long the oldest has waited. */
  waiting(): { events: number; bytes: number; ageMs: number } {
    const { events, bytes } = this;
    if (events === 0) return { events, bytes, ageMs: 0 };
    const [oldest] = this.calls.quick.values();
    return { events, bytes, ageMs: oldest === undefined ? 0 : performance.now() - oldest.sinceMs };
  }

  /** STORE_UNREACHABLE if nothing was done, OUTCOME_UNKNOWN, OVERLOADED, or what the store answered. */
  call<N extends CallName>(
    name: N,
    asked: Asked<N>,
    kind: CallKind = 'other',
    events = 0,
    tail?: Buffer,
  ): Promise<Answered<N>> {
    const { writer, calls } = this;
    if (writer === undefined || this.greeted === undefined) {
      return Promise.reject(this.isClosed ? stopping() : unreachable());
    }
    if (kind !== 'feed' && calls.quick.size + calls.other.size >= limits.callsMax) {
      return Promise.reject(tooMany());
    }
    return new Promise<unknown>((resolve, reject) => {
      const id = this.freeId();
      this.lastOrder += 1;
      const bytes = writer.write(id, KIND.call, JSON.stringify([name, asked]), tail);
      const sinceMs = performance.now();
      calls[kind].set(id, { name, order: this.lastOrder, sinceMs, events, bytes, resolve, reject });
      if (kind === 'quick') {
        this.events += events;
        this.bytes += bytes;
      }
    }) as Promise<Answered<N>>;
  }

  /** Ends the connection; what is in flight is lost as if it had broken. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.beat);
    clearTimeout(this.retry);
    if (this.socket === undefined) this.wake(({ reject }) => reject(stopping()));
    else {
      this.writer?.flush();
      this.socket.end();
      this.broken(this.socket);
    }
  }

  private freeId(): number {
    const { quick, other, feed } = this.calls;
    do this.lastId = (this.lastId + 1) >>> 0;
    while (quick.has(this.lastId) || other.has(this.lastId) || feed.has(this.lastId));
    return this.lastId;
  }

  private dial(): void {
    const { path, version } = this.options;
    const socket = connect(path);
    const reader = new FrameReader(limits.socketAnswerBytesMax, (frame) => this.take(frame));
    const writer = new FrameWriter(socket, () => {
      this.sentOrder = this.lastOrder;
    });
    this.socket = socket;
    this.writer = writer;
    socket.on('data', (chunk) => {
      this.silentBeats = 0;
      try {
        reader.push(chunk);
      } catch (err) {
        this.options.logger.error({ err }, 'the store sent what is no answer');
        socket.destroy();
      }
    });
    socket.on('close', () => this.broken(socket));
    // What fails on the socket closes it, and that is heard above.
    socket.on('error', () => {});
    const hello: WorkerHello = { protocol: PROTOCOL, version, pid: process.pid };
    writer.write(0, KIND.hello, JSON.stringify(hello));
  }

  private take({ id, kind, json, tail }: Frame): void {
    if (kind === KIND.answer) {
      const call = this.settle(id);
      call?.resolve(unpackAnswer(call.name, json, tail));
    } else if (kind === KIND.failure) this.settle(id)?.reject(unpackFailure(json));
    else if (kind === KIND.load) this.load = json as StoreLoad;
    else if (kind === KIND.ask) void this.tell(id);
    else if (kind === KIND.hello) this.greet(json as StoreHello);
  }

  private greet(hello: StoreHello): void {
    const { version, onRefused, logger } = this.options;
    if (hello.protocol !== PROTOCOL || hello.version !== version) {
      this.close();
      onRefused(
        new CodedError(
          'STORE_VERSION_DIFFERS',
          `The store is of version ${hello.version} and this worker of ${version}. Start both from the same installation; the store first.`,
        ),
      );
      return;
    }
    this.greeted = hello;
    this.load = hello.load;
    this.pauseMs = limits.reconnectMsMin;
    logger.info({ path: this.options.path }, 'connected to the store');
    this.wake(({ resolve }) => resolve(hello));
  }

  private wake(tell: (waker: (typeof this.wakers)[number]) => void): void {
    const { wakers } = this;
    this.wakers = [];
    for (const waker of wakers) tell(waker);
  }

  private async tell(id: number): Promise<void> {
    const figures = (await this.options.figures?.()) ?? null;
    this.writer?.write(id, KIND.told, JSON.stringify(figures));
  }

  /** Takes a call out of those in flight; `undefined` if nobody waits for it any more. */
  private settle(id: number): Call | undefined {
    const { quick, other, feed } = this.calls;
    const call = quick.get(id);
    if (call !== undefined) {
      quick.delete(id);
      this.events -= call.events;
      this.bytes -= call.bytes;
      return call;
    }
    for (const calls of [other, feed]) {
      const found = calls.get(id);
      if (found !== undefined && calls.delete(id)) return found;
    }
    return undefined;
  }

  /** Gives up on a store that says nothing, and on calls that take too long. */
  private look(): void {
    if (this.socket !== undefined) {
      this.silentBeats += 1;
      // Counted in looks and not in time: after a stop of this process, what came meanwhile is read before the next.
      if (this.silentBeats > limits.silentBeatsMax) this.socket.destroy();
    }
    const givenUpMs = performance.now() - limits.callMs;
    for (const calls of [this.calls.quick, this.calls.other]) {
      for (const [id, { sinceMs }] of calls) {
        if (sinceMs > givenUpMs) break;
        const call = this.settle(id);
        call?.reject(this.lost(call));
      }
    }
  }

  private broken(socket: Socket): void {
    if (socket !== this.socket) return;
    const { calls, options } = this;
    if (this.greeted !== undefined && !this.isClosed) {
      const { path } = options;
      options.logger.warn({ path, calls: calls.quick.size + calls.other.size }, 'lost the store');
    }
    this.socket = undefined;
    this.writer = undefined;
    this.greeted = undefined;
    this.silentBeats = 0;
    for (const kind of [calls.quick, calls.other, calls.feed]) {
      for (const [id, call] of [...kind]) {
        this.settle(id);
        call.reject(this.lost(call));
      }
    }
    this.sentOrder = this.lastOrder;
    if (this.isClosed) this.wake(({ reject }) => reject(stopping()));
    else {
      this.retry = setTimeout(() => this.dial(), this.pauseMs);
      this.pauseMs = Math.min(2 * this.pauseMs, limits.reconnectMsMax);
    }
  }

  private lost({ name, order }: Call): CodedError {
    return WRITES.has(name) && order <= this.sentOrder ? unknownOutcome() : unreachable();
  }
}

export function unreachable(): CodedError {
  return new CodedError(
    'STORE_UNREACHABLE',
    'The store does not answer now. Nothing was stored; send it again after Retry-After.',
  );
}

function unknownOutcome(): CodedError {
  return new CodedError(
    'OUTCOME_UNKNOWN',
    'The store stopped before it said whether this was stored. Send the very same again, with the same Idempotency-Key or event_id: then it is there once.',
  );
}

function tooMany(): CodedError {
  return new CodedError('OVERLOADED', 'Too much waits for the store. Send it again after Retry-After.');
}

function stopping(): CodedError {
  return new CodedError('SHUTTING_DOWN', 'The service is stopping. Try again shortly.');
}
