/**
 * One kept-alive HTTP/1.1 connection that sends requests made beforehand, one at a time, and costs the load
 * generator a few microseconds for each. It reads only what the service sends: answers with a content-length.
 */
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** Called once for each request with the answer's status. */
type OnAnswer = (status: number) => void;

export class HttpConnection {
  private onAnswer: OnAnswer | undefined;
  private received: Buffer | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly onFailed: (error: Error) => void,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (part) => this.take(part as Buffer));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the service closed a connection')));
  }

  /** Connects. `onFailed` is called once if the connection breaks, or an answer cannot be read. */
  static open(url: string, onFailed: (error: Error) => void): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket, onFailed));
      });
    });
  }

  /** Sends a request of `postRequest`; the next one only after its answer. */
  send(request: Buffer, onAnswer: OnAnswer): void {
    this.onAnswer = onAnswer;
    this.socket.write(request);
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  private take(part: Buffer): void {
    const received = this.received === undefined ? part : Buffer.concat([this.received, part]);
    const headEnd = received.indexOf(HEAD_END);
    const head = headEnd === -1 ? '' : received.toString('latin1', 0, headEnd);
    const bodyBytes = headEnd === -1 ? undefined : /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (headEnd !== -1 && bodyBytes === undefined) {
      this.fail(new Error(`an answer without a content-length: ${head.split('\r\n', 1)[0]}`));
    } else if (headEnd === -1 || received.length < headEnd + HEAD_END.length + Number(bodyBytes)) {
      this.received = received;
    } else {
      this.received = undefined;
      const { onAnswer } = this;
      this.onAnswer = undefined;
      onAnswer?.(Number(head.slice(9, 12)));
    }
  }

  private fail(error: Error): void {
    this.close();
    this.onFailed(error);
  }
}

/** A POST of JSON as it goes over the wire. `path` may have a query. */
export function postRequest(
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** A GET as it goes over the wire. */
export function getRequest(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
}
