/**
 * Uploads events as NDJSON over one connection, of any number, and reads the answers as they come.
 *
 * The client shares the machine with the service, so it does little: its lines are made beforehand, and of the answers it
 * counts the lines and reads the last.
 */
import { once } from 'node:events';
import { request } from 'node:http';

/** What came of an upload. */
export interface Upload {
  answered: number;
  seconds: number;
}

const PIECE_BYTES = 64 * 1024;
/** No answer to a line is longer. */
const ANSWER_BYTES_MAX = 4096;
const LF = 0x0a;

/** So many lines, going round those given, in pieces of some 64 KiB: to write each alone would be most of the work. */
export function* piecesOf(lines: readonly string[], count: number): Generator<Buffer> {
  const encoded = lines.map((line) => Buffer.from(`${line}\n`));
  let piece: Buffer[] = [];
  let bytes = 0;
  for (let sent = 0; sent < count; sent += 1) {
    const line = encoded[sent % encoded.length] as Buffer;
    piece.push(line);
    bytes += line.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(piece);
    piece = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(piece);
}

/**
 * Sends all pieces to `POST /consultations/{id}/events/stream`. `onAnswered` is told how many lines were answered so far,
 * some at a time, and what it returns is waited for. Throws unless every answer is that of an append.
 */
export async function uploadEvents(
  url: string,
  id: string,
  pieces: Iterable<Buffer>,
  onAnswered: (count: number) => void | Promise<void> = () => undefined,
): Promise<Upload> {
  const started = performance.now();
  const sent = request(new URL(`/consultations/${id}/events/stream`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const failed = once(sent, 'error').then(([error]) => Promise.reject(error));
  const writing = (async () => {
    for (const piece of pieces) {
      if (!sent.write(piece)) await once(sent, 'drain');
    }
    sent.end();
  })();
  const reading = (async () => {
    const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    let answered = 0;
    let tail = Buffer.alloc(0);
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) answered += 1;
      tail = Buffer.concat([tail, chunk.subarray(-ANSWER_BYTES_MAX)]).subarray(-ANSWER_BYTES_MAX);
      await onAnswered(answered);
    }
    checkLast(tail.toString(), answered);
    return answered;
  })();
  const answered = await Promise.race([Promise.all([reading, writing]).then(([count]) => count), failed]);
  return { answered, seconds: (performance.now() - started) / 1000 };
}

/** A refusal is always the last line, and names the line it is of; answers have their number. */
function checkLast(tail: string, answered: number): void {
  const last = tail.trimEnd().split('\n').at(-1) ?? '';
  const { line, sequence } = JSON.parse(last) as { line?: number; sequence?: number };
  if (line !== answered || sequence === undefined) throw new Error(`the upload was refused: ${last}`);
}
