/** Sends inputs that are HTTP, on connections that are kept, and gives whatever comes back. */
import { Agent, type IncomingMessage, request } from 'node:http';
import type { HttpInput } from './http-inputs.js';

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
  text: string;
  /** Whether its end came. Who follows events is never told of one, and leaves. */
  isWhole: boolean;
}

/** How long nothing may come of an answer that has begun before the client leaves: sooner if it may never end. */
const QUIET_MS = { following: 150, other: 30_000 } as const;
/** How long an answer may take to begin. */
const ANSWER_MS = 60_000;

export class FuzzClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly port: number) {}

  /** Resolves with the answer; `undefined` when the service closed the connection without one. */
  send({ method, target, headers, body }: HttpInput): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const sent = request({
        agent: this.agent,
        host: '127.0.0.1',
        port: this.port,
        method,
        path: asciiTarget(target),
        headers: { ...headers, ...(body !== undefined && { 'content-length': String(body.length) }) },
      });
      const tooLate = setTimeout(() => reject(new Error(`no answer to ${method} ${target}`)), ANSWER_MS);
      const settle = (answer: Answer | undefined): void => {
        clearTimeout(tooLate);
        resolve(answer);
      };
      let hasBegun = false;
      sent.on('response', (response) => {
        hasBegun = true;
        settleWith(response, method === 'GET' ? QUIET_MS.following : QUIET_MS.other, settle);
      });
      sent.on('upgrade', (_response, socket) => socket.destroy());
      sent.on('error', () => undefined);
      // It may come before the end of an answer that has begun.
      sent.on('close', () => {
        if (!hasBegun) settle(undefined);
      });
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function settleWith(response: IncomingMessage, quietMs: number, settle: (answer: Answer) => void): void {
  const { statusCode: status = 0, headers, rawHeaders } = response;
  let text = '';
  const answer = (isWhole: boolean): Answer => ({
    status,
    headers: headers as Answer['headers'],
    rawHeaders,
    text,
    isWhole,
  });
  const leave = setTimeout(() => {
    settle(answer(false));
    response.destroy();
  }, quietMs);
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    leave.refresh();
  });
  response.on('close', () => {
    clearTimeout(leave);
    settle(answer(response.complete));
  });
  response.on('error', () => undefined);
}

/** Node refuses to send what no request line can have; the raw inputs have those. */
function asciiTarget(target: string): string {
  return target.replaceAll(/[^\x21-\x7e\x80-\xff]/g, (character) => encodeURIComponent(character));
}
