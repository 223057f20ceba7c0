/** What verify makes of the zeros behind the blocks of a journal. */
import assert from 'node:assert/strict';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { limits } from '../../../src/domain/limits.js';
import { encodeBlock } from '../../../src/log/journal-format.js';
import { DirectoryReader } from '../../../src/store/directory-reader.js';
import { filesOf, smallStore, verified } from './small-store.js';

it('knows zeros at the end of a journal for room, notes them, and takes events that became zeros for missing', async (t) => {
  const { dataDir, headSequence } = await smallStore(t, ['none']);
  const [name = ''] = await filesOf(dataDir, 'journal', '.journal');
  const path = join(dataDir, 'journal', name);
  const stopped = await readFile(path);
  await writeFile(join(dataDir, 'LOCK'), 'process 0, since never\n');
  assert.deepEqual((await verified(dataDir)).notes, []);

  await truncate(path, limits.journalRoomBytes);
  const withRoom = await readFile(path);
  const found = await verified(dataDir);
  assert.deepEqual(found.damages, []);
  const zeros = limits.journalRoomBytes - stopped.length;
  assert.match(found.notes.join(), new RegExp(`${name} ends in ${zeros} zeros, which a stop cuts off`));
  const reader = new DirectoryReader(dataDir);
  t.after(() => reader.close());
  assert.deepEqual(
    (await reader.journals()).map(({ fileBytes }) => fileBytes),
    [stopped.length],
    'its size is that of its blocks',
  );

  // As a disk leaves it that forgot the last event, and everything after it.
  const confirmation = stopped.lastIndexOf('FIBK');
  const lastEvent = stopped.lastIndexOf('FIBK', confirmation - 1);
  const zeroed = Buffer.from(withRoom).fill(0, lastEvent);
  await writeFile(path, zeroed);
  const missing = await verified(dataDir);
  assert.deepEqual(
    missing.damages.map(({ file, sequence }) => [file, sequence]),
    [[`journal/${name}`, headSequence]],
  );
  // If the log had fallen idle before that event, only the zeros are left to be noted without the index.
  zeroed.set(encodeBlock(headSequence, [], 0), lastEvent);
  await writeFile(path, zeroed);
  await rm(join(dataDir, 'index'), { recursive: true });
  assert.match((await verified(dataDir)).notes.join(), /zeros, which a stop cuts off: .* taken away/);

  const torn = Buffer.from(withRoom);
  torn.write('half of a block', stopped.length + 1000);
  await writeFile(path, torn);
  assert.match((await verified(dataDir)).notes.join(), /the last 1015 bytes are a torn tail/);
});
