/** Payloads of one size, as text of messages: what the columns and the native codecs are tried with. */
import { consultationsOfFiles, syntheticCorpus } from '../support/corpus.js';

/** Payload texts of `eventBytes` bytes each (a few more where one would end within a character), some `totalBytes` in all. */
export async function payloadsOf(
  corpus: readonly string[],
  seed: number,
  eventBytes: number,
  totalBytes: number,
): Promise<string[]> {
  const consultations =
    corpus.length > 0
      ? await consultationsOfFiles(corpus)
      : syntheticCorpus(seed, Math.ceil(totalBytes / 100));
  const said = consultations.flat().map(({ payload }) => String(payload.message_content ?? ''));
  const payloads: string[] = [];
  let next = 0;
  for (let total = 0; total < totalBytes; total += eventBytes) {
    const overhead = JSON.stringify({ message_content: '', message_role: 'user' }).length;
    let text = '';
    while (Buffer.byteLength(text) < eventBytes - overhead) {
      text += `${said[next % said.length]} `;
      next += 1;
    }
    // Cut by characters, so that what is cut off is never half of one.
    while (Buffer.byteLength(text) > eventBytes - overhead && text.length > 1) {
      text = text.slice(0, -Math.max(1, Math.floor((Buffer.byteLength(text) - eventBytes + overhead) / 2)));
    }
    payloads.push(JSON.stringify({ message_content: text, message_role: 'user' }));
  }
  return payloads;
}
