/** Reading a journal beside its writer, with room behind its blocks. */
import assert from 'node:assert/strict';
import { mkdir, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { limits } from '../../src/domain/limits.js';
import type { SequencedLink } from '../../src/domain/stored-event.js';
import { Journal } from '../../src/log/journal.js';
import { encodeBlock, journalName } from '../../src/log/journal-format.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { JournalReader } from '../../src/store/journal-reader.js';
import { verifyDirectory } from '../../src/store/verify/verify-directory.js';
import { ChainedLinks } from '../support/chained-links.js';
import { faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A journal that is being written. */
async function writtenJournal(t: TestContext) {
  const dataDir = await temporaryDirectory(t);
  const directory = join(dataDir, 'journal');
  await mkdir(directory);
  const journal = await Journal.create(nodeDisk, directory, 1, 0, true);
  t.after(() => journal.close());
  const chains = new ChainedLinks();
  const append = async (chars = 10): Promise<void> => {
    const { links } = chains.next('a', 1, 'x'.repeat(chars));
    await journal.appendBlock(links, links[0]?.length ?? 0);
  };
  const reader = async (disk: Disk = nodeDisk): Promise<JournalReader> => {
    const opened = await JournalReader.open({ disk, directory, firstSequence: 1 });
    assert.ok(opened !== undefined);
    t.after(() => opened.close());
    return opened;
  };
  return { dataDir, directory, journal, append, reader };
}

/** The last sequence that is given, and what is returned at the end. */
async function drained<T>(batches: AsyncGenerator<SequencedLink[], T>): Promise<[number, T]> {
  for (let last = 0; ; ) {
    const { value, done } = await batches.next();
    if (done) return [last, value];
    last = value.at(-1)?.sequence ?? last;
  }
}

async function overwrite(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
}

/**
 * A disk whose next read of the journal's blocks reads the start of what it reads now, and the rest after `meanwhile`: as
 * somebody reads who is held up in the middle of it.
 */
function heldUpDisk(splitAt: () => number, meanwhile: () => Promise<void>): Disk {
  let isHeldUp = false;
  return {
    ...nodeDisk,
    async open(path, options) {
      const file = await nodeDisk.open(path, options);
      if (!path.endsWith('.journal')) return file;
      return {
        ...file,
        async read(offset, length) {
          const split = splitAt() - offset;
          if (isHeldUp || split <= 0 || split >= length) return file.read(offset, length);
          isHeldUp = true;
          const before = await file.read(offset, split);
          await meanwhile();
          return Buffer.concat([before, await file.read(splitAt(), length - split)]);
        },
      };
    },
  };
}

describe('A reader of a journal with room', () => {
  it('takes no zeros for a proof, and anything else that was begun behind a block for one', async (t) => {
    const { journal, append, reader } = await writtenJournal(t);
    await append();
    await append();
    const one = await reader();
    assert.deepEqual(await drained(one.readProven()), [1, false]);
    assert.deepEqual(await drained(one.readProven()), [0, false], 'the second is held back');
    // A block under way, of which the disk has a sector that is not the first.
    await overwrite(journal.path, journal.endOffset + 1024, Buffer.from('half a block'));
    assert.deepEqual(await drained(one.readProven()), [2, false]);
    await overwrite(journal.path, journal.endOffset + 1024, Buffer.alloc(12));
    await append();
    assert.deepEqual(await drained(one.readProven()), [0, false]);
    await journal.confirm();
    assert.deepEqual(await drained(one.readProven()), [3, false]);
    assert.equal(one.endOffset, journal.endOffset);
  });

  it('ends with what was committed when it began, however busy the writer is', async (t) => {
    const { append, reader } = await writtenJournal(t);
    for (let block = 0; block < 5; block += 1) await append();
    // Each time that it looks, there is one block more, which nothing proves yet.
    const disk: Disk = {
      ...nodeDisk,
      async list(path) {
        await append();
        return nodeDisk.list(path);
      },
    };
    assert.deepEqual(await drained((await reader(disk)).readCommitted()), [6, false]);
  });

  it('takes no block for damaged that was not there yet when it was read', async (t) => {
    const { dataDir, journal, append, reader } = await writtenJournal(t);
    await append();
    await append();
    let border = journal.endOffset;
    const disk = heldUpDisk(
      () => border,
      async () => {
        await append(3000);
        await append();
        await append();
      },
    );
    // The first of the new blocks is cut in two by the border between what was read before and after.
    border += 1000;
    const [last, isFull] = await drained((await reader(disk)).readProven());
    assert.ok(last >= 1 && !isFull);
    assert.deepEqual(await drained((await reader()).readProven()), [4, false]);

    border = journal.endOffset + 1000;
    const damages: unknown[] = [];
    const verifying = heldUpDisk(
      () => border,
      async () => {
        await append(3000);
        await append();
      },
    );
    const onDamage = (damage: unknown): void => void damages.push(damage);
    const readIndex = async () => ({ kind: 'unknown', reason: 'there is none' }) as const;
    await verifyDirectory({ dataDir, disk: verifying, onDamage, onNote: () => {}, readIndex });
    assert.deepEqual(damages, []);
  });

  it('still finds a block that is damaged before others', async (t) => {
    const { journal, append, reader } = await writtenJournal(t);
    await append();
    const start = journal.endOffset;
    await append();
    const end = journal.endOffset;
    await append();
    await overwrite(journal.path, start, Buffer.alloc(end - start));
    await assert.rejects(drained((await reader()).readProven()), { code: 'LOG_DAMAGED' });
  });

  it('is done with a full journal whether its room was cut off or not, and finds what is no room', async (t) => {
    const { directory, journal, append, reader } = await writtenJournal(t);
    await append();
    await append();
    const beside = await reader();
    await (await Journal.create(nodeDisk, directory, 3, 0, true)).close();
    assert.deepEqual(await drained((await reader()).readCommitted()), [2, true]);
    await overwrite(journal.path, journal.endOffset + 5000, Buffer.from([1]));
    await assert.rejects(drained((await reader()).readCommitted()), { code: 'LOG_DAMAGED' });
    await truncate(journal.path, journal.endOffset);
    assert.deepEqual(await drained(beside.readProven()), [2, true]);
  });

  it('does not look through room that is cut off while it reads', async (t) => {
    const { journal, append, reader } = await writtenJournal(t);
    await append();
    await journal.confirm();
    let reads = 0;
    const disk = faultyDisk(nodeDisk, {
      afterRead: () => {
        reads += 1;
      },
    });
    const one = await reader({
      ...disk,
      async open(path, options) {
        const file = await disk.open(path, options);
        return { ...file, size: async () => (await file.size()) + limits.journalRoomBytes };
      },
    });
    await journal.cutRoom();
    assert.deepEqual(await drained(one.readProven()), [1, false]);
    assert.ok(reads < 20, `${reads} reads`);
  });

  it('is not confused by a confirming block that ends in zeros', async (t) => {
    const { directory } = await writtenJournal(t);
    let first = 100;
    while (encodeBlock(first + 1, [], 0).at(-1) !== 0) first += 1;
    const journal = await Journal.create(nodeDisk, directory, first, 0, true);
    t.after(() => journal.close());
    const { links } = new ChainedLinks().next('a');
    await journal.appendBlock(links, links[0]?.length ?? 0);
    await journal.confirm();
    const one = await JournalReader.open({ disk: nodeDisk, directory, firstSequence: first });
    assert.ok(one !== undefined, journalName(first));
    assert.deepEqual(await drained(one.readProven()), [first, false]);
    assert.equal(one.endOffset, journal.endOffset);
    await one.close();
  });
});
