import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileLog, type FileLogOptions } from '../../src/log/file-log.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { ChainedLinks } from '../support/chained-links.js';
import { faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

function options(directory: string, disk: Disk = nodeDisk): FileLogOptions {
  const roll = { events: 1e9, bytes: 1e9, ageMs: 1e12 };
  return { disk, directory, durability: 'fsync', roll, firstSequence: 1, indexedVersion: () => 0 };
}

/** The machine's disk, which turns over a bit of what one read reads: near the end of what was written, where the last block is. */
function misreading(atRead: number): Disk {
  let reads = 0;
  return faultyDisk(nodeDisk, {
    afterRead(_path, bytes) {
      reads += 1;
      const at = bytes.findLastIndex((byte) => byte !== 0) - 20;
      if (reads === atRead && at >= 0) bytes[at] = (bytes[at] as number) ^ 4;
    },
  });
}

test('a bit that is read wrong at a start costs no event', async (t) => {
  const directory = await temporaryDirectory(t);
  const log = await FileLog.open(options(directory));
  const chained = new ChainedLinks();
  for (let block = 0; block < 3; block += 1) await log.append(chained.next('a'));
  const path = join(directory, (await readdir(directory))[0] as string);
  // As a kill leaves it: nothing but its own checksum proves the last block.
  const killed = await readFile(path);
  await log.close();

  const outcomes: string[] = [];
  for (let atRead = 1; atRead <= 6; atRead += 1) {
    await writeFile(path, killed);
    const misread = await FileLog.open(options(directory, misreading(atRead))).catch((error) => error);
    outcomes.push(misread instanceof FileLog ? `${misread.headSequence} events` : misread.code);
    if (misread instanceof FileLog) await misread.close();
    const sound = await FileLog.open(options(directory));
    assert.equal(sound.headSequence, 3, `all events are there after read ${atRead} was wrong`);
    await sound.close();
  }
  assert.ok(outcomes.includes('LOG_DAMAGED'), 'a doubt stops the start');
  assert.equal(outcomes.at(-1), '3 events');
});
