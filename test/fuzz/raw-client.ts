/** Sends bytes on a connection of their own, and cuts what comes back into answers. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './http-client.js';
import type { RawInput } from './raw-inputs.js';

/** After so long without a byte the client has seen enough: it is not closed on for what it may yet send. */
const QUIET_MS = 60;
const ANSWER_MS = 60_000;

/** The answers that came until either side closed. Throws if what came is no sequence of HTTP answers. */
export async function sendRaw(port: number, { pieces, pauseMs, ending }: RawInput): Promise<Answer[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const parts: Buffer[] = [];
  let quiet: NodeJS.Timeout | undefined;
  const closed = new Promise<void>((resolve) => {
    const deadline = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on('data', (part) => {
      parts.push(part);
      quiet?.refresh();
    });
    // What was reset by the service is as closed as any other.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(deadline);
      clearTimeout(quiet);
      resolve();
    });
  });
  for (const [index, piece] of pieces.entries()) {
    if (index > 0 && pauseMs > 0) await delay(pauseMs);
    if (socket.destroyed) break;
    socket.write(piece);
  }
  if (ending === 'half-close') socket.end();
  else if (ending === 'destroy') socket.destroySoon();
  else if (ending === 'reset') socket.resetAndDestroy();
  quiet = setTimeout(() => socket.destroy(), QUIET_MS);
  await closed;
  return answersOf(Buffer.concat(parts).toString('latin1'), ending === 'reset' || ending === 'destroy');
}

/** Cuts a text of answers apart. The last one may be cut short only if the client left. */
function answersOf(text: string, hasLeft: boolean): Answer[] {
  const answers: Answer[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [start = '', ...fields] = rest.slice(0, Math.max(0, end)).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1]);
    if (end < 0 || Number.isNaN(status)) {
      if (hasLeft) return answers;
      throw new Error(`this is no answer: ${rest.slice(0, 200)}`);
    }
    rest = rest.slice(end + 4);
    // An interim answer has no body and stands for nothing.
    if (status < 200) continue;
    const rawHeaders = fields.flatMap((field) => [
      field.slice(0, field.indexOf(':')),
      field.slice(field.indexOf(':') + 1).trim(),
    ]);
    const headers: Record<string, string> = {};
    for (let index = 0; index < rawHeaders.length; index += 2) {
      headers[String(rawHeaders[index]).toLowerCase()] = String(rawHeaders[index + 1]);
    }
    const length = headers['content-length'];
    // What is of no known length (chunked) ends the reading: none of the raw inputs asks for it and then for more.
    const body = rest.slice(0, length === undefined ? rest.length : Number(length));
    const isHead = length !== undefined && body.length < Number(length);
    answers.push({ status, headers, rawHeaders, text: body, isWhole: !isHead });
    rest = rest.slice(body.length);
  }
  return answers;
}
