/**
 * A conversation with the inspector of a Node process: the Chrome DevTools protocol over a WebSocket.
 *
 * `node:inspector` only talks to its own process, and Node 20 has no WebSocket of its own: hence the package ws.
 * Protocol: https://chromedevtools.github.io/devtools-protocol/v8/ and, for worker threads, NodeWorker in
 * https://github.com/nodejs/node/blob/main/src/inspector/node_protocol.pdl.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A profile of a minute is some tens of megabytes of JSON. */
const MESSAGE_BYTES_MAX = 512 * 1024 * 1024;

interface Waiting {
  method: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

/** What a session with the process and one with a worker thread of it have in common. */
export interface Inspected {
  /** Calls a method. Throws an error that names the method if the process refuses it, or goes away meanwhile. */
  send(method: string, params?: object): Promise<unknown>;
}

/** Calls and their answers, whatever carries them. */
export class Calls implements Inspected {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** `post` sends a text, and says by rejecting that it could not. */
  constructor(private readonly post: (text: string) => Promise<unknown>) {}

  send(method: string, params: object = {}): Promise<unknown> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { method, resolve, reject });
      this.post(JSON.stringify({ id, method, params })).catch((error: Error) => this.fail(error.message));
    });
  }

  /** An answer to one of the calls. */
  take({ id, result, error }: Message): void {
    const asked = this.waiting.get(id ?? 0);
    this.waiting.delete(id ?? 0);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`${asked.method}: ${error.message}`));
  }

  /** Nobody will answer any more. */
  fail(why: string): void {
    for (const { method, reject } of this.waiting.values()) reject(new Error(`${method}: ${why}`));
    this.waiting.clear();
  }
}

export class InspectorSession implements Inspected {
  private readonly listeners = new Map<string, (params: unknown) => void>();
  private readonly calls: Calls;

  private constructor(private readonly socket: WebSocket) {
    this.calls = new Calls(
      (text) =>
        new Promise<void>((resolve, reject) => {
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
    );
    socket.on('message', (text) => this.take(JSON.parse(String(text)) as Message));
    socket.on('close', () => this.calls.fail('the connection to the process ended'));
    socket.on('error', (error) => this.calls.fail(error.message));
  }

  /** Connects to a `webSocketDebuggerUrl`. Throws if nobody answers there. */
  static async open(url: string): Promise<InspectorSession> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX });
    const session = new InspectorSession(socket);
    await once(socket, 'open');
    return session;
  }

  send(method: string, params?: object): Promise<unknown> {
    return this.calls.send(method, params);
  }

  /** Calls `listener` at each event of this name; one listener an event. */
  on(event: string, listener: (params: unknown) => void): void {
    this.listeners.set(event, listener);
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  private take(message: Message): void {
    if (message.id === undefined) this.listeners.get(message.method ?? '')?.(message.params);
    else this.calls.take(message);
  }
}

/** The value of an expression in the process. Throws what it throws, as text. */
export async function evaluated(inspected: Inspected, expression: string): Promise<unknown> {
  const { result, exceptionDetails } = (await inspected.send('Runtime.evaluate', {
    expression,
    returnByValue: true,
  })) as { result: { value: unknown }; exceptionDetails?: { text: string } };
  if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
  return result.value;
}
