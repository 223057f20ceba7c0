/** One worker, as the store sees it: its calls, what it follows, and what it can be asked. */
import type { Socket } from 'node:net';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { Logger } from '../ops/logger.js';
import type { EventFeed, EventStore } from '../store/event-store.js';
import { unpackAppend } from './append-call.js';
import { type Frame, FrameReader, FrameWriter } from './frames.js';
import {
  type Answered,
  type Asked,
  type CallName,
  type FeedStep,
  KIND,
  PROTOCOL,
  packAnswer,
  packFailure,
  type StoreHello,
  type WorkerHello,
} from './protocol.js';

/** What a connection needs of the server that it belongs to. */
export interface WorkerHost {
  readonly store: EventStore;
  readonly logger: Logger;
  /** What the store says first. */
  hello(): StoreHello;
  /** Whether no new calls are taken. */
  isClosing(): boolean;
  /** The worker is of the same version: from now on it counts. */
  joined(connection: WorkerConnection): void;
  left(connection: WorkerConnection): void;
  figures(): Promise<unknown>;
}

const CALLS: {
  readonly [N in Exclude<CallName, 'follow' | 'next' | 'return' | 'figures'>]: (
    store: EventStore,
    asked: Asked<N>,
    tail: Buffer,
  ) => Promise<Answered<N>>;
} = {
  create: (store, command) => store.create(command),
  append: (store, sent, tail) => store.append(unpackAppend(sent, tail)),
  stateText: (store, { consultationId, asOf }) => store.stateText(consultationId, asOf),
  difference: (store, query) => store.difference(query),
  events: (store, query) => store.events(query),
  consultations: (store, query) => store.consultations(query),
  verify: (store, consultationId) => store.verify(consultationId),
  owner: (store, consultationId) => store.owner(consultationId),
  recordAccess: (store, entries) => store.recordAccess(entries).then(() => undefined),
  audit: (store, query) => store.audit(query),
  health: (store) => store.health(),
};

export class WorkerConnection {
  private readonly reader: FrameReader;
  private readonly writer: FrameWriter;
  private readonly feeds = new Map<number, EventFeed>();
  private readonly asked = new Map<number, (json: unknown) => void>();
  private worker: WorkerHello | undefined;
  private feedCount = 0;
  private askCount = 0;
  /** Calls that are worked on, without those that wait for events. */
  private callCount = 0;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly host: WorkerHost,
  ) {
    this.reader = new FrameReader(limits.socketCallBytesMax, (frame) => this.take(frame));
    this.writer = new FrameWriter(socket);
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('drain', () => this.resume());
    socket.on('close', () => this.gone());
    // What fails on the socket closes it, and that is heard above.
    socket.on('error', () => {});
  }

  /** Tells something that is no answer. */
  tell(kind: number, message: unknown): void {
    this.writer.write(0, kind, JSON.stringify(message));
  }

  /** Asks the worker for its figures; `undefined` if it takes too long, or is gone. */
  ask(): Promise<unknown> {
    this.askCount = (this.askCount + 1) >>> 0;
    const id = this.askCount;
    return new Promise((resolve) => {
      const answer = (json?: unknown): void => {
        clearTimeout(timer);
        this.asked.delete(id);
        resolve(json);
      };
      const timer = setTimeout(answer, limits.figuresMs);
      this.asked.set(id, answer);
      this.writer.write(id, KIND.ask, 'null');
    });
  }

  /** Ends the connection once every call that was taken is answered, or the worker is gone. */
  async close(): Promise<void> {
    if (this.callCount > 0 && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    this.writer.flush();
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    try {
      this.reader.push(chunk);
    } catch (err) {
      this.host.logger.error({ err }, 'a worker sent what is no call; its connection is ended');
      this.socket.destroy();
    }
  }

  private take({ id, kind, json, tail }: Frame): void {
    if (kind === KIND.hello) this.greet(json as WorkerHello);
    else if (kind === KIND.call) {
      const [name, asked] = json as [CallName, never];
      // One that is of another version was told so; it knows that nothing was done.
      if (this.worker === undefined) this.fail(id, stopping());
      else void this.serve(id, name, asked, tail);
    } else if (kind === KIND.told) this.asked.get(id)?.(json);
  }

  private greet(worker: WorkerHello): void {
    const ours = this.host.hello();
    this.tell(KIND.hello, ours);
    if (worker.protocol === PROTOCOL && worker.version === ours.version) {
      this.worker = worker;
      this.host.joined(this);
      return;
    }
    const { logger } = this.host;
    logger.warn(
      { worker: worker.pid, version: worker.version },
      'a worker of another version is turned away',
    );
    this.writer.flush();
    this.socket.end();
  }

  private async serve<N extends CallName>(id: number, name: N, asked: Asked<N>, tail: Buffer): Promise<void> {
    const isBounded = name !== 'next';
    if (isBounded) this.began();
    try {
      if (this.host.isClosing() && name !== 'next' && name !== 'return') throw stopping();
      const answer = packAnswer(name, await this.answer(name, asked, tail));
      this.writer.write(id, KIND.answer, answer.json, answer.tail);
    } catch (error) {
      this.fail(id, error);
    }
    if (isBounded) this.ended();
  }

  private answer<N extends CallName>(name: N, asked: Asked<N>, tail: Buffer): Promise<Answered<N>> {
    if (name === 'next') return this.next(asked as number) as Promise<Answered<N>>;
    if (name === 'follow') return this.follow(asked as Asked<'follow'>) as Promise<Answered<N>>;
    if (name === 'return') return this.return(asked as number) as Promise<Answered<N>>;
    if (name === 'figures') return this.host.figures() as Promise<Answered<N>>;
    const call = CALLS[name as keyof typeof CALLS] as (
      store: EventStore,
      asked: Asked<N>,
      tail: Buffer,
    ) => Promise<Answered<N>>;
    return call(this.host.store, asked, tail);
  }

  private async follow(query: Asked<'follow'>): Promise<number> {
    const feed = await this.host.store.follow(query);
    if (this.socket.destroyed) {
      await feed.return?.();
      throw stopping();
    }
    this.feedCount += 1;
    this.feeds.set(this.feedCount, feed);
    return this.feedCount;
  }

  private async next(feedId: number): Promise<FeedStep> {
    const feed = this.feeds.get(feedId);
    if (feed === undefined) return undefined;
    try {
      const { value, done } = await feed.next();
      if (done) this.feeds.delete(feedId);
      return done ? undefined : value;
    } catch (error) {
      this.feeds.delete(feedId);
      throw error;
    }
  }

  private async return(feedId: number): Promise<undefined> {
    const feed = this.feeds.get(feedId);
    this.feeds.delete(feedId);
    await feed?.return?.();
    return undefined;
  }

  private fail(id: number, error: unknown): void {
    if (!(error instanceof CodedError)) {
      this.host.logger.error({ err: error, worker: this.worker?.pid }, 'a call of a worker failed');
    }
    this.writer.write(id, KIND.failure, packFailure(error));
  }

  private began(): void {
    this.callCount += 1;
    if (this.callCount >= limits.socketCallsMax) this.socket.pause();
  }

  private ended(): void {
    this.callCount -= 1;
    if (this.socket.writableLength > limits.socketWaitingBytesMax) this.socket.pause();
    else if (this.socket.isPaused()) this.resume();
    if (this.callCount === 0) this.onIdle?.();
  }

  private resume(): void {
    if (this.callCount < limits.socketCallsMax) this.socket.resume();
  }

  private gone(): void {
    this.host.left(this);
    // Nobody is left to wait for what is still worked on.
    this.onIdle?.();
    for (const answer of [...this.asked.values()]) answer(undefined);
    for (const feed of this.feeds.values()) void feed.return?.();
    this.feeds.clear();
  }
}

function stopping(): CodedError {
  return new CodedError('SHUTTING_DOWN', 'The store is stopping. Try again shortly.');
}
