/** Lines of a stream, whatever the chunks it comes in. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { CodedError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { ndjsonLines } from '../../src/ops/ndjson-lines.js';

const seed = Number(process.env.FI_TEST_SEED ?? Date.now() % 2 ** 31);

async function linesOf(chunks: Buffer[]): Promise<{ text: string; number: number; endOffset: number }[]> {
  const lines = [];
  for await (const { content, number, endOffset } of ndjsonLines(Readable.from(chunks))) {
    lines.push({ text: content.toString(), number, endOffset });
  }
  return lines;
}

test('gives the same lines for every way to cut the stream', async (t) => {
  t.diagnostic(`FI_TEST_SEED=${seed}`);
  const text = fc.array(fc.constantFrom('a', 'é', '\n', '{"x":1}', '\r\n'), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 8 }), async (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''));
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      const lines = await linesOf(chunks.filter((chunk) => chunk.length > 0));
      const expected = bytes.toString().split('\n');
      if (expected.at(-1) === '') expected.pop();
      assert.deepEqual(
        lines.map((line) => line.text),
        expected,
      );
      assert.deepEqual(
        lines.map((line) => line.number),
        expected.map((_, index) => index + 1),
      );
      assert.equal(lines.at(-1)?.endOffset ?? 0, bytes.length);
    }),
    { seed, numRuns: 200 },
  );
});

test('refuses a line without end before it fills the memory, and gives the lines before it', async () => {
  let chunksRead = 0;
  function* endless(): Generator<Buffer> {
    yield Buffer.from('first\n');
    for (;;) {
      chunksRead += 1;
      yield Buffer.alloc(65_536, 'x');
    }
  }
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { content } of ndjsonLines(Readable.from(endless()))) seen.push(content.toString());
  })();
  await assert.rejects(reading, (error) => error instanceof CodedError && error.code === 'BODY_TOO_LARGE');
  assert.deepEqual(seen, ['first']);
  assert.ok(chunksRead <= limits.importLineBytesMax / 65_536 + 20);
});
