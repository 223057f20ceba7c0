/**
 * All clients that are sent events as they come: one timer for their heartbeats, their stalls and their ends, and one
 * bound for all that waits for them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { Logger } from '../ops/logger.js';
import type { Metrics } from '../ops/metrics.js';
import { OpenStream, type OpenStreamOptions } from './open-stream.js';
import { EVENT_STREAM_TYPE } from './stream-frames.js';

/** What tests shorten. */
export interface StreamTimes {
  /** A client that was sent nothing for so long is sent a heartbeat. */
  heartbeatMs: number;
  /** A client that takes nothing of what waits for it is dropped after this. */
  stallMsMax: number;
  /** How long a client has to take the last words of a stream. */
  goodbyeMs: number;
  /** What all clients together may keep waiting, in bytes. */
  waitingBytesMax: number;
}

const DEFAULT_TIMES: StreamTimes = {
  heartbeatMs: limits.heartbeatMs,
  stallMsMax: limits.streamStallMs,
  goodbyeMs: limits.streamGoodbyeMs,
  waitingBytesMax: limits.streamWaitingBytesMax,
};

export class OpenStreams {
  private readonly open = new Set<OpenStream>();
  /** Those with heartbeats, in the order of their last write. */
  private readonly beating = new Set<OpenStream>();
  /** Those that do not take what waits for them, longest first. */
  private readonly stalling = new Set<OpenStream>();
  /** Those that were told their last words, with until when they may take them. */
  private readonly endings = new Map<OpenStream, number>();
  private readonly times: StreamTimes;
  private waitingBytes = 0;
  private nowMs = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(
    private readonly metrics: Metrics,
    private readonly logger: Logger,
    times: Partial<StreamTimes> = {},
  ) {
    this.times = { ...DEFAULT_TIMES, ...times };
  }

  /** SHUTTING_DOWN when nothing new may start. */
  checkOpen(): void {
    if (this.isClosing) throw new CodedError('SHUTTING_DOWN', 'The service is stopping. Try again shortly.');
  }

  /** Sends a client what its feed gives. Resolves when that ends. */
  serve(options: OpenStreamOptions): Promise<void> {
    const stream = new OpenStream(this, options);
    this.open.add(stream);
    this.metrics.streamOpened(stream.mediaType);
    if (stream.mediaType === EVENT_STREAM_TYPE) this.beating.add(stream);
    stream.lastWriteMs = this.nowMs;
    if (this.timer === undefined) {
      this.nowMs = performance.now();
      this.timer = setInterval(() => this.tick(), limits.streamTickMs).unref();
    }
    if (this.isClosing) stream.bye();
    return stream.run();
  }

  remove(stream: OpenStream): void {
    if (!this.open.delete(stream)) return;
    this.metrics.streamClosed(stream.mediaType);
    this.beating.delete(stream);
    this.endings.delete(stream);
    this.drained(stream);
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Different for each client, so that those of a service that was restarted do not all come back at once. */
  retryMs(): number {
    return Math.round(limits.streamRetryMsMin + Math.random() * limits.streamRetryMsSpread);
  }

  wrote(stream: OpenStream): void {
    stream.lastWriteMs = this.nowMs;
    if (this.beating.delete(stream)) this.beating.add(stream);
  }

  /** A client did not take all of what it was sent. */
  stalled(stream: OpenStream): void {
    stream.stalledSinceMs = performance.now();
    this.stalling.add(stream);
    this.waitingBytes += stream.waitingBytes;
    if (this.waitingBytes <= this.times.waitingBytesMax) return;
    // The one that has taken nothing for the longest, which may be this one.
    const [slowest] = this.stalling;
    if (slowest !== undefined) this.drop(slowest, 'memory');
  }

  drained(stream: OpenStream): void {
    stream.stalledSinceMs = undefined;
    if (!this.stalling.delete(stream)) return;
    this.waitingBytes -= stream.waitingBytes;
  }

  /** A client was told its last words, and has little time to take them, or as long as for any others. */
  ending(stream: OpenStream, soon: boolean): void {
    const { goodbyeMs, stallMsMax } = this.times;
    this.endings.set(stream, performance.now() + (soon ? goodbyeMs : stallMsMax));
  }

  /** What a client was sent cannot go on. */
  failed(stream: OpenStream, error: CodedError): void {
    const { requestId } = stream;
    if (error.code === 'SHUTTING_DOWN') stream.bye();
    else {
      this.logger.error(
        { requestId, code: error.code, err: error.cause ?? error },
        'stream of events failed',
      );
      stream.fail(error);
    }
  }

  private drop(stream: OpenStream, reason: 'stalled' | 'memory'): void {
    this.metrics.countDroppedStream(reason);
    this.logger.info({ requestId: stream.requestId, reason }, 'dropped a client that reads too slowly');
    this.drained(stream);
    stream.fail(
      new CodedError('CLIENT_TOO_SLOW', 'Events waited for you too long. Come back and go on from the last.'),
    );
    // With much waiting for it, it is not waited for until it has taken that.
    if (reason === 'memory') stream.destroy();
  }

  private tick(): void {
    this.nowMs = performance.now();
    for (const stream of this.stalling) {
      if (this.nowMs - (stream.stalledSinceMs ?? this.nowMs) < this.times.stallMsMax) break;
      this.drop(stream, 'stalled');
    }
    for (const [stream, untilMs] of this.endings) if (this.nowMs > untilMs) stream.destroy();
    let beats = 0;
    for (const stream of this.beating) {
      if (this.nowMs - stream.lastWriteMs < this.times.heartbeatMs || beats === limits.heartbeatsPerTick)
        break;
      stream.beat();
      this.wrote(stream);
      beats += 1;
    }
  }

  /** Tells all who follow that the service stops. What is only read to its end is not cut short. */
  async close(): Promise<void> {
    this.isClosing = true;
    let told = 0;
    for (const stream of this.open) {
      if (!stream.follows) continue;
      stream.bye();
      told += 1;
      if (told % limits.heartbeatsPerTick === 0) await nextTurn();
    }
  }
}
