/** Room: the zeros behind the blocks of a journal, into which further blocks are written. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { limits } from '../../src/domain/limits.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { FileLog, type FileLogOptions } from '../../src/log/file-log.js';
import {
  BLOCK_HEADER_BYTES,
  encodeBlock,
  FILE_HEADER_BYTES,
  JOURNAL_FORMAT_VERSION,
  journalName,
} from '../../src/log/journal-format.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { testSeed } from '../domain/test-seed.js';
import { ChainedLinks } from '../support/chained-links.js';
import { diskError, type Faults, faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ROOM = limits.journalRoomBytes;
const SECTOR_BYTES = 512;
const NEVER = { events: 1e9, bytes: 1e9, ageMs: 1e12 };

function options(directory: string, overrides: Partial<FileLogOptions> = {}): FileLogOptions {
  return {
    disk: nodeDisk,
    directory,
    durability: 'fsync',
    roll: NEVER,
    firstSequence: 1,
    indexedVersion: () => 0,
    ...overrides,
  };
}

const sizeOf = async (path: string): Promise<number> => (await stat(path)).size;

/** The head of a log that is opened and closed again, and the bytes that were torn. */
async function reopened(given: FileLogOptions): Promise<{ head: number; tornBytes: number }> {
  const log = await FileLog.open(given);
  await log.close();
  return { head: log.headSequence, tornBytes: log.tornBytes };
}

interface Killed {
  directory: string;
  path: string;
  /** The file as a kill leaves it, with its room. */
  bytes: Buffer;
  /** Where each block ends. */
  ends: number[];
}

/** A journal of blocks with one event of this many characters each. */
async function killed(t: TestContext, blocks = 4, chars = 5000, firstSequence = 1): Promise<Killed> {
  const directory = await temporaryDirectory(t);
  const log = await FileLog.open(options(directory, { firstSequence }));
  const chained = new ChainedLinks();
  const ends: number[] = [];
  for (let block = 0; block < blocks; block += 1) {
    await log.append(chained.next('a', 1, 'x'.repeat(chars)));
    ends.push(log.tail.endOffset);
  }
  const { path } = log.tail;
  const bytes = await readFile(path);
  await log.close();
  await writeFile(path, bytes);
  return { directory, path, bytes, ends };
}

describe('Room in a journal', () => {
  it('comes with the block that makes it, in the same write, and the next blocks leave the file as long as it is', async (t) => {
    const directory = await temporaryDirectory(t);
    const writes: number[] = [];
    const disk = faultyDisk(nodeDisk, {
      beforeWrite: (path, data) => void (path.endsWith('.journal') && writes.push(data.length)),
    });
    const log = await FileLog.open(options(directory, { disk }));
    const chained = new ChainedLinks();
    const sizes = new Set<number>();
    const blocks = Math.ceil((1.5 * ROOM) / 20_000);
    for (let block = 0; block < blocks; block += 1) {
      await log.append(chained.next('a', 1, 'x'.repeat(20_000)));
      sizes.add(await sizeOf(log.tail.path));
    }
    assert.deepEqual([...sizes], [ROOM, 2 * ROOM]);
    assert.equal(writes.length, blocks);
    assert.equal(writes[0], ROOM - FILE_HEADER_BYTES);
    assert.equal(writes.filter((bytes) => bytes > 21_000).length, 2);
    await log.close();
    assert.equal(await sizeOf(log.tail.path), log.tail.endOffset, 'a stop leaves no room');
    assert.deepEqual(await reopened(options(directory)), { head: blocks, tornBytes: 0 });
  });

  it('is cut off when a journal is full', async (t) => {
    const directory = await temporaryDirectory(t);
    const log = await FileLog.open(options(directory, { roll: { ...NEVER, events: 2 } }));
    const chained = new ChainedLinks();
    for (let i = 0; i < 5; i += 1) await log.append(chained.next('a'));
    assert.equal(log.fullJournals.length, 2);
    for (const { path, endOffset } of log.fullJournals) assert.equal(await sizeOf(path), endOffset);
    await log.close();
  });

  it('is made neither for what is not synced nor in a journal of an older format', async (t) => {
    const directory = await temporaryDirectory(t);
    const log = await FileLog.open(options(directory, { durability: 'os' }));
    await log.append(new ChainedLinks().next('a'));
    assert.equal(await sizeOf(log.tail.path), log.tail.endOffset);
    await log.close();

    // An empty journal is gone on with whatever its format is, since the next one would have its name.
    const older = await temporaryDirectory(t);
    await (await FileLog.open(options(older))).close();
    const path = join(older, journalName(1));
    const header = await readFile(path);
    header.writeUInt32LE(JOURNAL_FORMAT_VERSION - 1, 8);
    header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
    await writeFile(path, header);
    const continued = await FileLog.open(options(older));
    await continued.append(new ChainedLinks().next('a'));
    assert.equal(continued.tail.path, path);
    assert.equal(await sizeOf(path), continued.tail.endOffset);
    await continued.close();
  });

  it('is nothing torn, after a kill of an idle log or a busy one', async (t) => {
    const { directory, path, bytes, ends } = await killed(t);
    assert.equal(bytes.length, ROOM);
    assert.deepEqual(await reopened(options(directory)), { head: 4, tornBytes: 0 });
    const idle = Buffer.from(bytes);
    idle.set(encodeBlock(5, [], 0), ends.at(-1));
    await writeFile(path, idle);
    assert.deepEqual(await reopened(options(directory)), { head: 4, tornBytes: 0 });
  });

  it('begins where the last block ends, also when that one ends in zeros', async (t) => {
    let sequence = 2;
    while (encodeBlock(sequence, [], 0).at(-1) !== 0) sequence += 1;
    const { directory, path, bytes, ends } = await killed(t, 1, 100, sequence - 1);
    const confirmed = Buffer.from(bytes);
    confirmed.set(encodeBlock(sequence, [], 0), ends[0]);
    await writeFile(path, confirmed);
    const log = await FileLog.open(options(directory));
    assert.equal(log.tornBytes, 0);
    assert.equal(log.tail.endOffset, (ends[0] as number) + BLOCK_HEADER_BYTES);
    await log.close();
    assert.equal(await sizeOf(path), log.tail.endOffset);
  });

  it('may hold any sectors of a torn block, which are cut off and cost no event before it', async (t) => {
    const random = seededRandom(testSeed(t));
    const { directory, path, bytes, ends } = await killed(t);
    const [start, end] = [ends[2] as number, ends[3] as number];
    for (let round = 0; round < 200; round += 1) {
      const torn = Buffer.from(bytes);
      for (let at = start; at < end; at += SECTOR_BYTES - (at % SECTOR_BYTES)) {
        const sectorEnd = Math.min(end, at + SECTOR_BYTES - (at % SECTOR_BYTES));
        if (random() < 0.5) torn.fill(0, at, sectorEnd);
      }
      if (torn.equals(bytes)) continue;
      await writeFile(path, torn);
      const written = Math.max(torn.findLastIndex((byte) => byte !== 0) + 1, start);
      assert.deepEqual(await reopened(options(directory)), { head: 3, tornBytes: written - start });
    }
  });

  it('hides no damage: not of a block before another, and not of one that is known to have been durable', async (t) => {
    const random = seededRandom(testSeed(t));
    const { directory, path, bytes, ends } = await killed(t);
    for (const [index, end] of ends.slice(0, -1).entries()) {
      const start = ends[index - 1] ?? FILE_HEADER_BYTES;
      const zeroed = Buffer.from(bytes).fill(0, start, end);
      const flipped = Buffer.from(bytes);
      const at = integerBetween(random, start, end - 1);
      flipped[at] = (flipped[at] as number) ^ 0x20;
      for (const damaged of [zeroed, flipped]) {
        await writeFile(path, damaged);
        await assert.rejects(FileLog.open(options(directory)), {
          code: 'LOG_DAMAGED',
          message: new RegExp(`offset ${start}: the block that holds event ${index + 1} is damaged`),
        });
        assert.deepEqual(await readFile(path), damaged, 'nothing was changed');
      }
    }
    const [start, end] = [ends[2] as number, ends[3] as number];
    const lastZeroed = Buffer.from(bytes).fill(0, start, end);
    await writeFile(path, lastZeroed);
    const missing = { code: 'LOG_DAMAGED', message: /acknowledged events are missing/ };
    await assert.rejects(FileLog.open(options(directory, { durableThrough: 4 })), missing);
    lastZeroed.set(encodeBlock(5, [], 0), end);
    await writeFile(path, lastZeroed);
    await assert.rejects(FileLog.open(options(directory)), { code: 'LOG_DAMAGED', message: /is damaged/ });
  });

  it('in a journal that is followed is accepted if no event is missing between the two', async (t) => {
    const directory = await temporaryDirectory(t);
    const log = await FileLog.open(options(directory, { roll: { ...NEVER, events: 2 } }));
    const chained = new ChainedLinks();
    for (let i = 0; i < 3; i += 1) await log.append(chained.next('a'));
    await log.close();
    const full = join(directory, journalName(1));
    const bytes = await readFile(full);
    await truncate(full, ROOM);
    assert.deepEqual(await reopened(options(directory)), { head: 3, tornBytes: 0 });
    assert.equal(await sizeOf(full), ROOM, 'it stays as it is');
    const withRoom = await readFile(full);
    const lastBlock = bytes.lastIndexOf('FIBK');
    const zeroed = Buffer.from(withRoom).fill(0, lastBlock);
    const stray = Buffer.from(withRoom);
    stray[ROOM - 7] = 1;
    for (const [damaged, offset] of [
      [zeroed, lastBlock],
      [stray, bytes.length],
    ] as const) {
      await writeFile(full, damaged);
      await assert.rejects(FileLog.open(options(directory)), {
        code: 'LOG_DAMAGED',
        message: new RegExp(`^${journalName(1)}, offset ${offset}, event \\d: a block is damaged`),
      });
    }
  });

  it('is done without when a disk has only room for the block, and nothing is left of what did not fit', async (t) => {
    const directory = await temporaryDirectory(t);
    const diskBytes = 40_000;
    const faults: Faults = {
      beforeWrite: (_path, data, offset) => {
        if (offset + data.length <= diskBytes) return;
        faults.partialBytes = diskBytes - offset;
        throw diskError('ENOSPC');
      },
    };
    const log = await FileLog.open(options(directory, { disk: faultyDisk(nodeDisk, faults) }));
    const chained = new ChainedLinks();
    let stored = 0;
    for (; stored < 1000; stored += 1) {
      const append = chained.peek('a');
      const outcome = await log.append(append).catch((error) => error);
      if (outcome instanceof Error) {
        assert.equal((outcome as Error & { code: string }).code, 'STORAGE_FULL');
        break;
      }
      chained.next('a');
      assert.equal(await sizeOf(log.tail.path), log.tail.endOffset);
    }
    assert.ok(stored > 10 && log.tail.endOffset > diskBytes - 500, 'the disk was used to its end');
    assert.equal(await sizeOf(log.tail.path), log.tail.endOffset, 'nothing half-kept');
    delete faults.beforeWrite;
    assert.equal(await log.append(chained.next('a')), stored + 1);
    assert.equal(await sizeOf(log.tail.path), ROOM, 'with space there is room again');
    await log.close();
    assert.deepEqual(await reopened(options(directory)), { head: stored + 1, tornBytes: 0 });
    assert.deepEqual(await readdir(directory), [journalName(1)]);
  });

  it('stops the log for good when what did not fit cannot be cut off, also on a disk that says it is full', async (t) => {
    const directory = await temporaryDirectory(t);
    const faults: Faults = {};
    const log = await FileLog.open(options(directory, { disk: faultyDisk(nodeDisk, faults) }));
    let writes = 0;
    faults.beforeWrite = () => {
      writes += 1;
      throw diskError('ENOSPC');
    };
    faults.beforeTruncate = () => {
      throw diskError('ENOSPC');
    };
    await assert.rejects(log.append(new ChainedLinks().next('a')), { code: 'LOG_UNAVAILABLE' });
    assert.equal(writes, 1, 'nothing is written behind what could not be cut off');
    await log.close();
  });
});
