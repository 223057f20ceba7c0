/** One client that is sent events as they come, at its own pace. */
import type { ServerResponse } from 'node:http';
import { CodedError } from '../domain/errors.js';
import type { FeedBatch } from '../domain/feed.js';
import type { EventFeed } from '../store/event-store.js';
import type { OpenStreams } from './open-streams.js';
import { codedError } from './problem.js';
import type { Frames } from './stream-frames.js';

export interface OpenStreamOptions {
  /** Hijacked, and its head written. */
  response: ServerResponse;
  feed: EventFeed;
  frames: Frames;
  /** Whether it goes on until somebody ends it. */
  follows: boolean;
  /** It ends after so many events. */
  eventsMax: number;
  /** Names the request in the log. */
  requestId: string;
}

export class OpenStream {
  /** By the clock of `OpenStreams`. */
  lastWriteMs = 0;
  /** Since when the client has taken nothing of what waits for it; `undefined` if nothing waits. */
  stalledSinceMs: number | undefined;
  /** Bytes of the batch that waits for the client. */
  waitingBytes = 0;
  private isEnding = false;
  private eventsLeft: number;
  private onDrained: (() => void) | undefined;

  constructor(
    private readonly streams: OpenStreams,
    private readonly options: OpenStreamOptions,
  ) {
    this.eventsLeft = options.eventsMax;
    const { response } = options;
    response.on('close', () => this.gone());
    // What fails on the socket closes it, and that is heard above.
    response.on('error', () => {});
  }

  get follows(): boolean {
    return this.options.follows;
  }

  get requestId(): string {
    return this.options.requestId;
  }

  get mediaType(): string {
    return this.options.frames.mediaType;
  }

  /** Sends everything; resolves when there is no more to send or nobody to send it to. */
  async run(): Promise<void> {
    const { feed, frames, response } = this.options;
    // The client may have left before anybody listened for that.
    if (response.destroyed) this.gone();
    try {
      let isFirst = true;
      for (;;) {
        const { value, done } = await feed.next();
        if (done || this.isEnding) break;
        const bytes = isFirst ? Buffer.from(frames.start(value.through)) : frames.batch(this.limited(value));
        isFirst = false;
        if (bytes.length > 0) await this.write(bytes);
        if (this.isEnding || this.eventsLeft === 0) break;
      }
      if (!this.isEnding) this.end('', 'at its own pace');
    } catch (error) {
      this.streams.failed(this, codedError(error));
    } finally {
      await feed.return?.();
    }
  }

  /** The same batch, unless it has more events than may still come. */
  private limited(batch: FeedBatch): FeedBatch {
    if (batch.events.length <= this.eventsLeft) {
      this.eventsLeft -= batch.events.length;
      return batch;
    }
    const events = batch.events.slice(0, this.eventsLeft);
    this.eventsLeft = 0;
    return { events, through: events.at(-1)?.sequence ?? batch.through };
  }

  /** Resolves once the client has taken it, as far as can be known, or is gone. */
  private async write(bytes: Buffer): Promise<void> {
    const { response } = this.options;
    this.streams.wrote(this);
    if (response.write(bytes) || response.destroyed) return;
    this.waitingBytes = bytes.length;
    this.streams.stalled(this);
    await new Promise<void>((resolve) => {
      this.onDrained = resolve;
      response.once('drain', resolve);
    });
    this.onDrained = undefined;
    this.streams.drained(this);
  }

  beat(): void {
    const { frames, response } = this.options;
    if (this.stalledSinceMs === undefined && !this.isEnding) response.write(frames.heartbeat);
  }

  /** Ends it with a reason, which the client is told if its form has words for it; otherwise it is cut short. */
  fail(error: CodedError): void {
    if (this.isEnding) return;
    const words = this.options.frames.end(error, this.streams.retryMs());
    // An answer without its end is one that everybody sees to be incomplete.
    if (words === undefined) this.destroy();
    else this.end(words);
  }

  /** Ends it because the service stops: who follows can go on elsewhere from where this ends. */
  bye(): void {
    if (this.isEnding) return;
    const stopping = new CodedError('SHUTTING_DOWN', 'The service is stopping. Go on from the last event.');
    this.end(this.options.frames.end(stopping, this.streams.retryMs()) ?? '');
  }

  /** The client takes what still waits for it at its own pace, or soon. */
  private end(words: string, pace: 'at its own pace' | 'soon' = 'soon'): void {
    this.isEnding = true;
    this.streams.ending(this, pace === 'soon');
    this.options.response.end(words);
    this.onDrained?.();
    void this.options.feed.return?.();
  }

  /** Gives up on a client that does not take even the last words. */
  destroy(): void {
    this.isEnding = true;
    this.options.response.destroy();
  }

  private gone(): void {
    this.isEnding = true;
    this.streams.remove(this);
    this.onDrained?.();
    void this.options.feed.return?.();
  }
}
