/** What a command writes to files, piece by piece. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { writeToFile } from '../../src/cli/output.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const PIECES = 300;
const textOf = (index: number): string => `${index} `.repeat(index % 7 === 0 ? 20_000 : 20);
const WHOLE = Array.from({ length: PIECES }, (_, index) => textOf(index)).join('');

describe('a file', () => {
  for (const ending of ['ndjson', 'ndjson.gz']) {
    it(`has what the pieces were, though their memory is used again as soon as it may be (.${ending})`, async (t) => {
      const path = join(await temporaryDirectory(t), `all.${ending}`);
      const unwritten = new Set<Buffer>();
      let most = 0;
      async function* pieces() {
        for (let index = 0; index < PIECES; index += 1) {
          const piece = Buffer.from(textOf(index));
          unwritten.add(piece);
          most = Math.max(most, unwritten.size);
          yield piece;
        }
      }
      const overwrite = (piece: Buffer): void => {
        assert.ok(unwritten.delete(piece), 'each is given back once');
        piece.fill('x');
      };
      await writeToFile(pieces(), path, new AbortController().signal, overwrite);
      const bytes = await readFile(path);
      assert.equal((ending.endsWith('gz') ? gunzipSync(bytes) : bytes).toString(), WHOLE);
      assert.equal(unwritten.size, 0);
      assert.ok(most <= 2, `${most} pieces were under way`);
    });

    it(`is not there when the pieces fail or are called off, and why is told (.${ending})`, async (t) => {
      const directory = await temporaryDirectory(t);
      const path = join(directory, `all.${ending}`);
      const stop = new AbortController();
      async function* pieces(end: () => void) {
        yield Buffer.from('first');
        end();
        yield Buffer.alloc(1_000_000);
        yield Buffer.from('last');
      }
      const fail = (): void => {
        throw new Error('the second is damaged');
      };
      await assert.rejects(writeToFile(pieces(fail), path, stop.signal), {
        message: 'the second is damaged',
      });
      await assert.rejects(
        writeToFile(
          pieces(() => stop.abort()),
          path,
          stop.signal,
        ),
        { name: 'AbortError' },
      );
      assert.deepEqual(await readdir(directory), []);
    });
  }
});
