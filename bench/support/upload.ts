/** Uploads events as NDJSON over one connection, of any number, and reads the answers as they come. */
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';

/** What came of an upload. */
export interface Upload {
  answered: number;
  seconds: number;
}

/**
 * Sends every line to `POST /consultations/{id}/events/stream`. `onAnswered` is told how many were answered so far, once
 * for each answer, and what it returns is waited for. Throws at an answer that is not that of an append.
 */
export async function uploadEvents(
  url: string,
  id: string,
  lines: Iterable<string>,
  onAnswered: (count: number) => void | Promise<void> = () => undefined,
): Promise<Upload> {
  const started = performance.now();
  const sent = request(new URL(`/consultations/${id}/events/stream`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const failed = once(sent, 'error').then(([error]) => Promise.reject(error));
  const writing = (async () => {
    for (const batch of inBatches(lines)) {
      if (!sent.write(batch)) await once(sent, 'drain');
    }
    sent.end();
  })();
  const reading = (async () => {
    const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    let answered = 0;
    for await (const line of createInterface({ input: answer })) {
      if (!line.includes('"sequence"')) throw new Error(`the upload was refused: ${line}`);
      answered += 1;
      await onAnswered(answered);
    }
    return answered;
  })();
  const answered = await Promise.race([Promise.all([reading, writing]).then(([count]) => count), failed]);
  return { answered, seconds: (performance.now() - started) / 1000 };
}

/** Lines joined to pieces of about 64 KiB, for a write of each line would be most of the work. */
function* inBatches(lines: Iterable<string>): Generator<string> {
  let batch = '';
  for (const line of lines) {
    batch += `${line}\n`;
    if (batch.length < 64 * 1024) continue;
    yield batch;
    batch = '';
  }
  if (batch !== '') yield batch;
}
