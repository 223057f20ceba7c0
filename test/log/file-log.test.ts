import assert from 'node:assert/strict';
import { copyFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import { FileLog, type FileLogOptions, type JournalSpan } from '../../src/log/file-log.js';
import { BLOCK_HEADER_BYTES } from '../../src/log/journal-format.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { ChainedLinks } from '../support/chained-links.js';
import { diskError, type Faults, faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { commitLogContract } from './commit-log.contract.js';

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

async function linksOf(log: FileLog, from = log.firstSequence): Promise<SequencedLink[]> {
  const links: SequencedLink[] = [];
  for await (const batch of log.scan(from)) links.push(...batch);
  return links;
}

/** Zeros at the end are nothing that was written. */
const writtenEnd = (bytes: Buffer): number => bytes.findLastIndex((byte) => byte !== 0) + 1;

async function onlyJournal(directory: string): Promise<string> {
  const names = await readdir(directory);
  assert.equal(names.length, 1);
  return join(directory, names[0] as string);
}

/** A journal of five blocks without the one that confirms the last, and without room: see journal-room.test.ts. */
async function killedJournal(t: TestContext): Promise<{ directory: string; path: string; bytes: Buffer }> {
  const directory = await temporaryDirectory(t);
  const log = await FileLog.open(options(directory));
  const chained = new ChainedLinks();
  for (let block = 0; block < 5; block += 1) await log.append(chained.next(`c${block % 2}`, 1 + (block % 2)));
  const path = await onlyJournal(directory);
  const bytes = (await readFile(path)).subarray(0, log.tail.endOffset);
  await log.close();
  await writeFile(path, bytes);
  return { directory, path, bytes };
}

commitLogContract('FileLog', async () => {
  const directory = await temporaryDirectory();
  const log = await FileLog.open(options(directory));
  const dispose = async (): Promise<void> => {
    await log.close();
    await rm(directory, { recursive: true });
  };
  return { log, dispose };
});

commitLogContract('FileLog that rolls at every other event', async () => {
  const directory = await temporaryDirectory();
  const log = await FileLog.open(options(directory, { roll: { ...NEVER, events: 2 } }));
  const dispose = async (): Promise<void> => {
    await log.close();
    await rm(directory, { recursive: true });
  };
  return { log, dispose };
});

describe('FileLog recovery', () => {
  it('finds every event again after a stop, and goes on after them', async (t) => {
    const directory = await temporaryDirectory(t);
    const chained = new ChainedLinks();
    const first = await FileLog.open(options(directory));
    for (let i = 0; i < 20; i += 1) await first.append(chained.next(`c${i % 3}`));
    const before = await linksOf(first);
    await first.close();

    const recovered: number[] = [];
    const second = await FileLog.open(
      options(directory, {
        onRecovered: ({ links }) => recovered.push(...links.map((link) => new LinkView(link).version)),
        indexedVersion: (id) => before.filter(({ link }) => new LinkView(link).consultationId === id).length,
      }),
    );
    assert.equal(second.tornBytes, 0);
    assert.equal(recovered.length, 20);
    assert.deepEqual(await linksOf(second), before);
    assert.equal(await second.append(chained.next('c0')), 21);
    await second.close();
  });

  it('cuts a torn tail at any byte and keeps every event before it', async (t) => {
    const { directory, path, bytes } = await killedJournal(t);
    const whole = await FileLog.open(options(directory));
    const everything = await linksOf(whole);
    await whole.close();
    const lastBlock = bytes.lastIndexOf('FIBK');
    for (let length = lastBlock + 1; length < bytes.length; length += 1) {
      await writeFile(path, bytes.subarray(0, length));
      const log = await FileLog.open(options(directory));
      assert.equal(log.tornBytes, writtenEnd(bytes.subarray(0, length)) - lastBlock, `cut at ${length}`);
      assert.deepEqual(await linksOf(log), everything.slice(0, -1), `cut at ${length}`);
      assert.equal((await stat(path)).size, lastBlock);
      await log.close();
    }
  });

  it('cuts a last block that the disk left as zeros or as rubbish', async (t) => {
    const { directory, path, bytes } = await killedJournal(t);
    const lastBlock = bytes.lastIndexOf('FIBK');
    for (const fill of [0, 0xa5]) {
      const torn = Buffer.from(bytes);
      torn.fill(fill, lastBlock + 16);
      await writeFile(path, torn);
      const log = await FileLog.open(options(directory));
      assert.equal(log.tornBytes, writtenEnd(torn) - lastBlock);
      assert.equal((await stat(path)).size, lastBlock);
      await log.close();
    }
  });

  it('stops on any flipped byte before the last block, names file, offset and event, and changes nothing', async (t) => {
    const { directory, path, bytes } = await killedJournal(t);
    const lastBlock = bytes.lastIndexOf('FIBK');
    for (let offset = 0; offset < lastBlock; offset += 1) {
      const flipped = Buffer.from(bytes);
      flipped[offset] = (flipped[offset] as number) ^ 0x10;
      await writeFile(path, flipped);
      await assert.rejects(FileLog.open(options(directory)), (error: Error & { code: string }) => {
        const expected = offset >= 8 && offset < 12 ? ['LOG_DAMAGED', 'UNSUPPORTED_FORMAT'] : ['LOG_DAMAGED'];
        assert.ok(expected.includes(error.code), `${error.code} at ${offset}`);
        assert.match(error.message, /^0000000000000001\.journal, offset \d+/);
        return true;
      });
      assert.deepEqual(await readFile(path), flipped, 'the file is as it was');
    }
  });

  it('stops on a flipped byte in the last block once a confirming block follows it', async (t) => {
    const { directory, path } = await killedJournal(t);
    const log = await FileLog.open(options(directory));
    await log.close();
    const bytes = await readFile(path);
    const confirmation = bytes.lastIndexOf('FIBK');
    assert.equal(bytes.length - confirmation, BLOCK_HEADER_BYTES, 'closing has written a confirming block');
    bytes[confirmation - 3] = (bytes[confirmation - 3] as number) ^ 1;
    await writeFile(path, bytes);
    await assert.rejects(FileLog.open(options(directory)), { code: 'LOG_DAMAGED' });
  });

  it('stops when a journal is missing, was shortened, or has another name', async (t) => {
    const directory = await temporaryDirectory(t);
    const log = await FileLog.open(options(directory, { roll: { ...NEVER, events: 2 } }));
    const chained = new ChainedLinks();
    for (let i = 0; i < 6; i += 1) await log.append(chained.next('a'));
    await log.close();
    const [first, second] = (await readdir(directory)).sort() as [string, string];
    const secondBytes = await readFile(join(directory, second));

    await rm(join(directory, second));
    await assert.rejects(FileLog.open(options(directory)), { code: 'LOG_DAMAGED' });
    await copyFile(join(directory, first), join(directory, second));
    await assert.rejects(FileLog.open(options(directory)), { code: 'LOG_DAMAGED' });
    await writeFile(join(directory, second), secondBytes);
    await truncate(join(directory, second), secondBytes.length - 1);
    await assert.rejects(FileLog.open(options(directory)), { code: 'LOG_DAMAGED' });
    await writeFile(join(directory, second), secondBytes);
    await (await FileLog.open(options(directory))).close();
  });

  it('does not take for torn what is known to have been durable, and changes nothing', async (t) => {
    const { directory, path, bytes } = await killedJournal(t);
    const torn = bytes.subarray(0, -1);
    const cut = bytes.subarray(0, bytes.lastIndexOf('FIBK'));
    for (const durability of ['fsync', 'os'] as const) {
      for (const left of [torn, cut]) {
        await writeFile(path, left);
        const opening = FileLog.open(options(directory, { durability, durableThrough: 7 }));
        await assert.rejects(opening, { code: 'LOG_DAMAGED', message: /acknowledged events are missing/ });
        assert.deepEqual(await readFile(path), left, `as it was, with durability ${durability}`);
      }
    }
    await writeFile(path, torn);
    const log = await FileLog.open(options(directory, { durableThrough: 6 }));
    assert.equal(log.headSequence, 6);
    await log.close();
  });

  it('takes no text for a block, whatever it is full of', async (t) => {
    const directory = await temporaryDirectory(t);
    const log = await FileLog.open(options(directory));
    const chained = new ChainedLinks();
    await log.append(chained.next('a'));
    await log.append(chained.next('a', 1, 'FIBK'.repeat(200_000)));
    const path = await onlyJournal(directory);
    const bytes = (await readFile(path)).subarray(0, log.tail.endOffset);
    await log.close();
    await writeFile(path, bytes.subarray(0, -10));
    const again = await FileLog.open(options(directory));
    assert.equal(again.headSequence, 1);
    assert.ok(again.tornBytes > 800_000);
    await again.close();
  });

  it('makes durable what it finds before it is used, whoever wrote it', async (t) => {
    const { directory } = await killedJournal(t);
    const synced: string[] = [];
    const disk = {
      ...nodeDisk,
      open: async (...args: Parameters<typeof nodeDisk.open>) => {
        const file = await nodeDisk.open(...args);
        return { ...file, sync: () => file.sync().then(() => void synced.push(args[0])) };
      },
    };
    const log = await FileLog.open(options(directory, { disk }));
    assert.deepEqual(synced, [log.tail.path]);
    await log.close();
  });
});

describe('FileLog under faults', () => {
  async function openFaulty(t: TestContext, faults: Faults, overrides: Partial<FileLogOptions> = {}) {
    const directory = await temporaryDirectory(t);
    const log = await FileLog.open(options(directory, { disk: faultyDisk(nodeDisk, faults), ...overrides }));
    return { directory, log };
  }

  it('refuses everything that waits when the disk is full, keeps what was stored, and goes on once there is space', async (t) => {
    const faults: Faults = { partialBytes: 100 };
    const { directory, log } = await openFaulty(t, faults);
    const chained = new ChainedLinks();
    await log.append(chained.next('a'));
    const before = await linksOf(log);
    faults.beforeWrite = () => {
      throw diskError('ENOSPC');
    };
    const refused = [log.append(chained.peek('a')), log.append(chained.peek('b'))];
    for (const outcome of refused) await assert.rejects(outcome, { code: 'STORAGE_FULL' });
    assert.deepEqual(await linksOf(log), before);

    delete faults.beforeWrite;
    assert.equal(await log.append(chained.next('a')), 2);
    assert.equal(await log.append(chained.next('b')), 3);
    const after = await linksOf(log);
    await log.close();
    const again = await FileLog.open(options(directory));
    assert.deepEqual(await linksOf(again), after);
    await again.close();
  });

  it('stops for good when a write could not be made durable, without trying again', async (t) => {
    const failures: string[] = [];
    let writes = 0;
    const faults: Faults = {};
    const { log } = await openFaulty(t, faults);
    log.subscribe({ failed: (error) => failures.push(error.code) });
    const chained = new ChainedLinks();
    await log.append(chained.next('a'));
    faults.beforeWrite = () => {
      writes += 1;
      throw diskError('EIO');
    };
    await assert.rejects(log.append(chained.next('a')), { code: 'LOG_UNAVAILABLE' });
    await assert.rejects(log.append(chained.next('b')), { code: 'LOG_UNAVAILABLE' });
    assert.deepEqual(failures, ['LOG_UNAVAILABLE']);
    assert.equal(writes, 1);
    assert.equal(log.headSequence, 1);
    await log.close();
  });

  it('begins no new journal after it failed', async (t) => {
    const faults: Faults = {};
    let nowMs = 0;
    const roll = { ...NEVER, ageMs: 10 };
    const { directory, log } = await openFaulty(t, faults, { roll, now: () => nowMs });
    const chained = new ChainedLinks();
    await log.append(chained.next('a'));
    faults.partialBytes = 50;
    let rolled: Promise<void> | undefined;
    faults.beforeWrite = () => {
      nowMs = 1000;
      rolled = log.rollIfFull();
      throw diskError('EIO');
    };
    await assert.rejects(log.append(chained.next('a')), { code: 'LOG_UNAVAILABLE' });
    delete faults.beforeWrite;
    await rolled;
    await log.rollIfFull();
    assert.equal((await readdir(directory)).length, 1);
    await log.close();
    const again = await FileLog.open(options(directory));
    assert.equal(again.headSequence, 1);
    await again.close();
  });

  it('stops for good when a partial write cannot be cut back', async (t) => {
    const faults: Faults = {};
    const { log } = await openFaulty(t, faults);
    faults.beforeWrite = () => {
      throw diskError('ENOSPC');
    };
    faults.beforeTruncate = () => {
      throw diskError('EIO');
    };
    await assert.rejects(log.append(new ChainedLinks().next('a')), { code: 'LOG_UNAVAILABLE' });
    await log.close();
  });

  it('writes one block for all that came in one turn of the event loop', async (t) => {
    const blocks: number[] = [];
    const { log } = await openFaulty(t, {
      beforeWrite: (path, data) => {
        if (path.endsWith('.journal')) blocks.push(data.length);
      },
    });
    const chained = new ChainedLinks();
    await Promise.all(Array.from({ length: 64 }, (_, i) => log.append(chained.next(`c${i}`))));
    assert.equal(blocks.length, 1);
    await log.close();
  });

  it('refuses more than its queue holds, and loses nothing of what it accepted', async (t) => {
    const { log } = await openFaulty(t, {});
    const chained = new ChainedLinks();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10_000 }, (_, i) => log.append(chained.next(`c${i}`))),
    );
    const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.ok(refused.length > 0 && refused.every(({ reason }) => reason.code === 'OVERLOADED'));
    assert.equal(log.headSequence, accepted);
    await log.close();
  });
});

describe('FileLog journals', () => {
  it('tells of full journals, and deletes those that are released and no other', async (t) => {
    const directory = await temporaryDirectory(t);
    const rolled: JournalSpan[] = [];
    const roll = { ...NEVER, events: 3 };
    const log = await FileLog.open(options(directory, { roll }));
    log.subscribe({ rolled: (span) => rolled.push(span) });
    const chained = new ChainedLinks();
    for (let i = 0; i < 10; i += 1) await log.append(chained.next('a'));
    assert.deepEqual(
      rolled.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
      [
        [1, 3],
        [4, 6],
        [7, 9],
      ],
    );
    await log.release(7);
    assert.equal(log.firstSequence, 7);
    assert.deepEqual((await readdir(directory)).sort(), [
      '0000000000000007.journal',
      '0000000000000010.journal',
    ]);
    assert.deepEqual(
      (await linksOf(log)).map(({ sequence }) => sequence),
      [7, 8, 9, 10],
    );
    await log.close();
  });

  it('rolls at a size and at an age, but never an empty journal', async (t) => {
    const directory = await temporaryDirectory(t);
    let nowMs = 1_000;
    const log = await FileLog.open(
      options(directory, { roll: { events: 1e9, bytes: 4096, ageMs: 500 }, now: () => nowMs }),
    );
    const chained = new ChainedLinks();
    nowMs += 1_000;
    await log.rollIfFull();
    assert.equal(log.fullJournals.length, 0, 'an empty journal stays');
    await log.append(chained.next('a'));
    nowMs += 1_000;
    await log.rollIfFull();
    assert.equal(log.fullJournals.length, 1, 'an old one does not');
    await log.append(chained.next('a', 1, 'x'.repeat(5_000)));
    await log.append(chained.next('a'));
    assert.equal(log.fullJournals.length, 2, 'nor a large one');
    await log.close();
  });
});
