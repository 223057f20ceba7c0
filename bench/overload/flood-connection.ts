/**
 * A connection that sends bursts of requests whether or not earlier ones are answered, and knows of each answer, by
 * its place, what it answers and since when that was due.
 */
import { connect, type Socket } from 'node:net';
import type { Burst } from './bursts.js';

const STATUS_LINE = Buffer.from('HTTP/1.1 ');
/** The status line up to the third digit of the status. */
const STATUS_BYTES = STATUS_LINE.length + 3;
/** A socket that holds this much back is full: its client would have to wait as well. */
const HELD_BYTES_MAX = 1024 * 1024;
/** What was answered is forgotten in pieces of this size. */
const FORGET_MIN = 256;

/** A burst on its way. Times as of `performance.now()`. */
export interface SentBurst {
  burst: Burst;
  dueMs: number;
  sentMs: number;
}

export type OnAnswer = (status: number, isCritical: boolean, sent: SentBurst) => void;

export class FloodConnection {
  /** Oldest first: answers come in the order of requests. */
  private sent: SentBurst[] = [];
  private firstUnanswered = 0;
  /** Requests of that burst that are answered. */
  private answered = 0;
  private tail: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly socket: Socket,
    private readonly onAnswer: OnAnswer,
    onFailed: (error: Error) => void,
  ) {
    socket.on('data', (part: Buffer) => this.read(part));
    socket.on('error', onFailed);
    socket.on('close', () => onFailed(new Error('the service closed a connection')));
  }

  /** `onFailed` is called if the connection breaks. */
  static open(url: string, onAnswer: OnAnswer, onFailed: (error: Error) => void): Promise<FloodConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new FloodConnection(socket, onAnswer, onFailed));
      });
    });
  }

  get isFull(): boolean {
    return this.socket.writableLength > HELD_BYTES_MAX;
  }

  get unanswered(): number {
    const left = this.sent.slice(this.firstUnanswered);
    return left.reduce((sum, { burst }) => sum + burst.critical.length, -this.answered);
  }

  send(burst: Burst, dueMs: number): void {
    this.sent.push({ burst, dueMs, sentMs: performance.now() });
    this.socket.write(burst.bytes);
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  /** No body of the service has the text of a status line in it, so each occurrence is an answer. */
  private read(part: Buffer): void {
    const bytes = this.tail.length === 0 ? part : Buffer.concat([this.tail, part]);
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(STATUS_LINE, from);
      if (at === -1 || at + STATUS_BYTES > bytes.length) break;
      this.take(Number(bytes.toString('latin1', at + STATUS_LINE.length, at + STATUS_BYTES)));
      from = at + STATUS_BYTES;
    }
    this.tail = Buffer.from(bytes.subarray(Math.max(from, bytes.length - STATUS_BYTES + 1)));
  }

  private take(status: number): void {
    const sent = this.sent[this.firstUnanswered];
    if (sent === undefined) throw new Error('the service answered more than it was asked');
    this.onAnswer(status, sent.burst.critical[this.answered] as boolean, sent);
    this.answered += 1;
    if (this.answered < sent.burst.critical.length) return;
    this.answered = 0;
    this.firstUnanswered += 1;
    if (this.firstUnanswered < FORGET_MIN) return;
    this.sent = this.sent.slice(this.firstUnanswered);
    this.firstUnanswered = 0;
  }
}
