/**
 * Stands between a connection and Node's HTTP parser while the service is overloaded, and lets through only what
 * admission takes.
 *
 * Node needs about 13 µs to parse and answer a request that nobody works on; to refuse nine for each that is
 * accepted would take more time than the one that is accepted. Here a request is a range of bytes: its end is found
 * (request-frame.ts), its priority looked up, and if it is refused the parser never sees it. A run of refused
 * requests is answered at once if Node has nothing to answer on the connection. Otherwise the parser gets the first of
 * them, whose response then carries the answers of all, so that the order stays in Node's hands. Where this is not certain where a request ends, it lets bytes through as they are.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../../domain/limits.js';
import { priorityOfBytes } from '../../domain/priority.js';
import type { Admission } from './admission.js';
import { refusals } from './refusal-answers.js';
import { FrameReader } from './request-frame.js';

/** What Node reads from a socket at once. A chunk of this size means that more was waiting. */
const READ_BYTES = 64 * 1024;
const REQUEST_START = Buffer.from('POST /consultations/');
/** Places in a chunk that are tried before all of it goes to Node. */
const SEARCHES_MAX = 16;

/** `lost`: a request of another form came; nothing is refused here until the connection ends. */
type State = 'searching' | 'following' | 'lost';
type DataListener = (chunk: Buffer) => void;

export class ConnectionGate {
  private state: State;
  private readonly parser: DataListener[];
  private readonly frame = new FrameReader();
  /** Bytes to come of a request whose head the parser has. */
  private restBytes = 0;
  /** The part of a head that the parser has, when the rest is to come. */
  private partOfHead: Buffer | undefined;
  /** For each request that the parser is about to report: how many it stands for that are refused; 0 if none. */
  private readonly runs: number[] = [];
  /** The newest request that the parser reported. */
  private newest: IncomingMessage | undefined;
  private newestResponse: ServerResponse | undefined;
  /** Since when there was always more to read than was read; `undefined` when there was not. */
  private backlogSinceMs: number | undefined;
  /** When the bytes that are at hand can have come at the earliest. */
  private arrivedMs = 0;

  /** `isNew`: nothing of the connection was read yet. Otherwise the start of a request has to be found first. */
  constructor(
    private readonly socket: Socket,
    private readonly admission: Admission,
    isNew: boolean,
  ) {
    this.state = isNew ? 'following' : 'searching';
    this.parser = socket.listeners('data') as DataListener[];
    // Node's server reads a socket past its stream until there is another listener for its data.
    socket.on('data', this.receive);
    for (const listener of this.parser) socket.removeListener('data', listener);
    // Where Node had stopped the socket, its stream does not know, and would never start it again: what comes now waits in
    // the stream, which starts and stops it by itself.
    socket._read(0);
  }

  /** To be asked once for each request that the parser reports: how many are to be refused with it; 0 if none. */
  refusedWith(request: IncomingMessage, response: ServerResponse): number {
    this.newest = request;
    this.newestResponse = response;
    return this.runs.shift() ?? 0;
  }

  /** Refuses nothing any more. */
  open(): void {
    if (this.state === 'following') this.state = 'searching';
    this.restBytes = 0;
    this.partOfHead = undefined;
    this.backlogSinceMs = undefined;
    const { socket } = this;
    for (const listener of this.parser) socket.on('data', listener);
    socket.removeListener('data', this.receive);
  }

  private readonly receive = (chunk: Buffer): void => {
    this.arrivedMs = this.backlogSinceMs ?? this.admission.earliestArrivalMs();
    this.backlogSinceMs = chunk.length < READ_BYTES ? undefined : this.arrivedMs;
    if (this.state === 'searching') this.search(chunk);
    else this.next(chunk);
    // Node reads no more of a connection that has too many answers to come.
    if (this.socket.isPaused()) this.backlogSinceMs ??= this.admission.earliestArrivalMs();
  };

  private next(bytes: Buffer): void {
    if (this.state === 'following') this.follow(bytes);
    else this.pass(bytes);
  }

  private pass(bytes: Buffer): void {
    if (bytes.length === 0 || this.socket.destroyed) return;
    for (const listener of this.parser) listener.call(this.socket, bytes);
  }

  /**
   * Looks for a place where a request begins. That some bytes look like one proves nothing: they may be part of a
   * body. What proves it is that the byte before them completes a request for the parser.
   */
  private search(chunk: Buffer): void {
    let at = 0;
    for (let tries = 0; tries < SEARCHES_MAX && at < chunk.length; tries += 1) {
      const found = chunk.indexOf(REQUEST_START, at + 1);
      const end = found === -1 ? chunk.length : found;
      this.pass(chunk.subarray(at, end - 1));
      if (this.putBackIfPaused(chunk.subarray(end - 1))) return;
      const { newest } = this;
      const wasComplete = newest === undefined || newest.complete;
      this.pass(chunk.subarray(end - 1, end));
      if (this.putBackIfPaused(chunk.subarray(end))) return;
      at = end;
      if (wasComplete || !newest.complete || newest !== this.newest) continue;
      this.state = 'following';
      break;
    }
    this.next(chunk.subarray(at));
  }

  /** Node takes nothing while it has paused a socket, whose client reads too slowly: what is left comes again. */
  private putBackIfPaused(bytes: Buffer): boolean {
    if (!this.socket.isPaused()) return false;
    if (bytes.length > 0) this.socket.unshift(bytes);
    return true;
  }

  private follow(chunk: Buffer): void {
    const kept: Buffer[] = [];
    let keptFrom = 0;
    let promised = 0;
    let isRun = false;
    let at = this.goOn(chunk);
    if (at === 0 && this.isNodeDone()) at = keptFrom = this.refuseFirst(chunk);
    while (at < chunk.length) {
      const shape = this.frame.read(chunk, at);
      if (shape !== 'whole') {
        this.passPart(shape, chunk, at);
        break;
      }
      const { end } = this.frame;
      if (!this.isRefused(chunk, promised)) {
        this.runs.push(0);
        promised += 1;
        isRun = false;
      } else if (isRun && (this.runs.at(-1) as number) < limits.refusalRunMax) {
        this.runs[this.runs.length - 1] = (this.runs.at(-1) as number) + 1;
        if (at > keptFrom) kept.push(chunk.subarray(keptFrom, at));
        keptFrom = end;
      } else {
        this.runs.push(1);
        isRun = true;
      }
      at = end;
    }
    // In one piece: Node may pause the socket at any request, and takes nothing more until it is resumed.
    const rest = chunk.subarray(keptFrom);
    this.pass(kept.length === 0 ? rest : Buffer.concat([...kept, rest]));
  }

  /**
   * Whether Node has answered all that it got of the connection. It has to have had one request before: it closes
   * a connection of which it sees none.
   */
  private isNodeDone(): boolean {
    const { writable, writableNeedDrain } = this.socket;
    return this.newestResponse?.writableFinished === true && writable && !writableNeedDrain;
  }

  /** Answers the refused requests that a chunk begins with, and answers where the others begin. */
  private refuseFirst(chunk: Buffer): number {
    let at = 0;
    let count = 0;
    while (at < chunk.length && count < limits.refusalRunMax && this.frame.read(chunk, at) === 'whole') {
      if (!this.isRefused(chunk, 0)) break;
      at = this.frame.end;
      count += 1;
    }
    if (count > 0) this.socket.write(refusals(count));
    return at;
  }

  /** Passes over what belongs to a request that the parser has a part of; answers where the next one begins. */
  private goOn(chunk: Buffer): number {
    if (this.restBytes > 0) {
      const here = Math.min(this.restBytes, chunk.length);
      this.restBytes -= here;
      return here;
    }
    if (this.partOfHead === undefined) return 0;
    const before = this.partOfHead.length;
    const joined = Buffer.concat([this.partOfHead, chunk]);
    this.partOfHead = undefined;
    const shape = this.frame.read(joined, 0);
    if (shape !== 'whole') {
      this.passPart(shape, joined, 0);
      return chunk.length;
    }
    this.runs.push(0);
    return this.frame.end - before;
  }

  /** Notes how a request goes on that is not all there; the parser gets what there is of it. */
  private passPart(shape: 'body' | 'head' | 'strange', bytes: Buffer, start: number): void {
    if (shape === 'strange') this.state = 'lost';
    else if (shape === 'head') this.partOfHead = Buffer.from(bytes.subarray(start));
    else {
      this.runs.push(0);
      this.restBytes = this.frame.end - bytes.length;
    }
  }

  private isRefused(chunk: Buffer, promised: number): boolean {
    const { arrivedMs } = this;
    const { isAppend, bodyStart, end } = this.frame;
    if (!isAppend) return false;
    const bytes = end - bodyStart;
    if (this.admission.takes('routine', bytes, arrivedMs, promised)) return false;
    const priority = priorityOfBytes(chunk, bodyStart, end);
    // Behind a backlog that never ends but moves on, a request may be newer than that: a critical one is believed.
    const sinceMs = priority === 'critical' ? this.admission.earliestArrivalMs() : arrivedMs;
    return this.admission.refuses(priority, bytes, sinceMs, promised);
  }
}
