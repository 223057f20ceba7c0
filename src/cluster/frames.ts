/**
 * Frames on a socket between two processes of the same machine and version.
 *
 *   offset  size  field, little-endian
 *        0     4  bytes that follow
 *        4     4  id of the call that it belongs to
 *        8     1  kind (protocol.ts)
 *        9     4  bytes of the JSON text
 *       13     -  JSON in UTF-8
 *             -  tail: bytes that need no JSON
 *
 * Whatever is written within one turn of the event loop goes to the system in one piece.
 */
import type { Socket } from 'node:net';
import { assert } from '../domain/errors.js';
import { atEndOfTurn } from '../ops/turn.js';

export interface Frame {
  id: number;
  kind: number;
  /** Parsed JSON; `undefined` if the frame has none. */
  json: unknown;
  /** A view of what was read: copy what is to be kept for long. */
  tail: Buffer;
}

const LENGTH_BYTES = 4;
const HEADER_BYTES = 13;
/** Small frames are written into chunks of this size. */
const CHUNK_BYTES = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** What was sent is no frame: the connection cannot go on. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';
}

/** Cuts what a socket gives into frames. */
export class FrameReader {
  private parts: Buffer[] = [];
  private bytes = 0;
  private needed = LENGTH_BYTES;

  constructor(
    private readonly frameBytesMax: number,
    private readonly take: (frame: Frame) => void,
  ) {}

  /** Hands on every frame that is complete. Throws MalformedFrame. */
  push(chunk: Buffer): void {
    this.parts.push(chunk);
    this.bytes += chunk.length;
    // The parts of a large frame are joined once, when all of them are there.
    if (this.bytes < this.needed) return;
    const all = this.parts.length === 1 ? chunk : Buffer.concat(this.parts, this.bytes);
    const rest = all.subarray(this.takeWhole(all));
    this.parts = rest.length === 0 ? [] : [rest];
    this.bytes = rest.length;
  }

  /** Answers how many bytes were taken. */
  private takeWhole(all: Buffer): number {
    let at = 0;
    for (;;) {
      const left = all.length - at;
      this.needed = LENGTH_BYTES;
      if (left < LENGTH_BYTES) return at;
      this.needed = LENGTH_BYTES + this.lengthAt(all, at);
      if (left < this.needed) return at;
      this.take(frameOf(all.subarray(at, at + this.needed)));
      at += this.needed;
    }
  }

  private lengthAt(all: Buffer, at: number): number {
    const length = all.readUInt32LE(at);
    if (length >= HEADER_BYTES - LENGTH_BYTES && length <= this.frameBytesMax) return length;
    throw new MalformedFrame(`a frame of ${length} bytes`);
  }
}

function frameOf(bytes: Buffer): Frame {
  const tailStart = HEADER_BYTES + bytes.readUInt32LE(9);
  if (tailStart > bytes.length) throw new MalformedFrame('a frame whose text is longer than itself');
  return {
    id: bytes.readUInt32LE(4),
    kind: bytes[8] as number,
    json: tailStart === HEADER_BYTES ? undefined : parsed(bytes.toString('utf8', HEADER_BYTES, tailStart)),
    tail: bytes.subarray(tailStart),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedFrame('a frame whose text is no JSON');
  }
}

/** Writes frames to a socket, all of one turn of the event loop together. */
export class FrameWriter {
  private chunk: Buffer = NO_BYTES;
  /** What of the chunk is written to, and what of that was handed on. */
  private end = 0;
  private start = 0;
  private waiting: Buffer[] = [];
  private isScheduled = false;

  /** `onFlush` is told when everything up to now is the system's. */
  constructor(
    private readonly socket: Socket,
    private readonly onFlush: () => void = () => {},
  ) {}

  /** Answers the bytes of the frame. A `tail` is not copied: it must not change. */
  write(id: number, kind: number, json: string, tail: Buffer = NO_BYTES): number {
    const jsonBytes = Buffer.byteLength(json);
    const headBytes = HEADER_BYTES + jsonBytes;
    const frameBytes = headBytes + tail.length;
    assert(frameBytes - LENGTH_BYTES < 2 ** 32, 'a frame has a length of 32 bits');
    this.reserve(headBytes);
    const { chunk, end } = this;
    chunk.writeUInt32LE(frameBytes - LENGTH_BYTES, end);
    chunk.writeUInt32LE(id, end + 4);
    chunk[end + 8] = kind;
    chunk.writeUInt32LE(jsonBytes, end + 9);
    chunk.write(json, end + HEADER_BYTES);
    this.end += headBytes;
    if (tail.length > 0) {
      this.cut();
      this.waiting.push(tail);
    }
    if (!this.isScheduled) {
      this.isScheduled = true;
      atEndOfTurn(this.flush);
    }
    return frameBytes;
  }

  /** Hands everything to the socket now. */
  readonly flush = (): void => {
    this.isScheduled = false;
    this.cut();
    const { waiting, socket } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    socket.cork();
    for (const bytes of waiting) socket.write(bytes);
    socket.uncork();
    this.onFlush();
  };

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.chunk.length) return;
    this.cut();
    this.chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
    this.start = 0;
    this.end = 0;
  }

  private cut(): void {
    if (this.end > this.start) this.waiting.push(this.chunk.subarray(this.start, this.end));
    this.start = this.end;
  }
}
