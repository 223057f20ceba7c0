/**
 * Changes the bytes of a data directory one by one, and asserts that each change is found and that the right file
 * is named. FI_TEST_SWEEP=all takes every byte; without it every 16th is taken, from a seeded start.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { integerBetween, type Random, seededRandom } from '../../../src/domain/seeded-random.js';
import { BLOCK_HEADER_BYTES } from '../../../src/log/journal-format.js';
import { testSeed } from '../../domain/test-seed.js';
import { filesOf, type SmallStore, smallStore, verified } from './small-store.js';

const STEP = process.env.FI_TEST_SWEEP === 'all' ? 1 : 16;

interface Sweep {
  store: SmallStore;
  folder: string;
  name: string;
  random: Random;
}

/** Changes each byte from `start` to before `end` in turn and gives what the checks found to `judge`. */
async function sweep(
  { store, folder, name, random }: Sweep,
  judge: (found: Awaited<ReturnType<typeof verified>>, offset: number, size: number) => void,
): Promise<number> {
  const path = join(store.dataDir, folder, name);
  const bytes = await readFile(path);
  let changes = 0;
  for (let offset = integerBetween(random, 0, STEP - 1); offset < bytes.length; offset += STEP) {
    const changed = Buffer.from(bytes);
    changed[offset] = (bytes[offset] as number) ^ integerBetween(random, 1, 255);
    await writeFile(path, changed);
    judge(await verified(store.dataDir, { locate: false }), offset, bytes.length);
    changes += 1;
  }
  await writeFile(path, bytes);
  return changes;
}

async function sweepStore(t: TestContext, codec: string): Promise<void> {
  const random = seededRandom(testSeed(t));
  const store = await smallStore(t, [codec]);
  const everyChangeIsDamage = async (folder: string, name: string): Promise<void> => {
    const changes = await sweep({ store, folder, name, random }, ({ damages }, offset) => {
      const files = damages.map(({ file }) => file);
      assert.deepEqual(files, [`${folder}/${name}`], `offset ${offset}`);
    });
    t.diagnostic(`${name} (${codec}): ${changes} bytes changed, ${changes} found as damage`);
  };
  const [segment = ''] = await filesOf(store.dataDir, 'segments', '.h5');
  await everyChangeIsDamage('segments', segment);
  await everyChangeIsDamage('segments', 'manifest.json');

  const [journal = ''] = await filesOf(store.dataDir, 'journal', '.journal');
  let notes = 0;
  const changes = await sweep({ store, folder: 'journal', name: journal, random }, (found, offset, size) => {
    const file = `journal/${journal}`;
    // The last block has no event and says that those before it were durable: to lose it loses nothing.
    if (offset >= size - BLOCK_HEADER_BYTES) {
      notes += 1;
      assert.deepEqual(found.damages, []);
      assert.ok(
        found.notes.some((note) => note.startsWith(`${file}, offset ${size - BLOCK_HEADER_BYTES}: `)),
      );
    } else {
      assert.deepEqual([...new Set(found.damages.map((damage) => damage.file))], [file], `offset ${offset}`);
    }
  });
  t.diagnostic(
    `${journal} (${codec}): ${changes} bytes changed, ${changes - notes} found as damage, ` +
      `${notes} in its last, empty block found as a torn tail`,
  );
  assert.deepEqual((await verified(store.dataDir)).damages, [], 'all bytes are as they were');
}

for (const codec of ['gzip:4', 'none']) {
  test(`finds a change of any byte of a segment (${codec}), a journal and the manifest, and names the file`, (t) =>
    sweepStore(t, codec));
}
