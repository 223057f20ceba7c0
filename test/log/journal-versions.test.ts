/** Journals of other format versions than today's. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { FileLog } from '../../src/log/file-log.js';
import { FILE_HEADER_BYTES, JOURNAL_FORMAT_VERSION } from '../../src/log/journal-format.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { ChainedLinks } from '../support/chained-links.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const openLog = (directory: string): Promise<FileLog> =>
  FileLog.open({
    disk: nodeDisk,
    directory,
    durability: 'fsync',
    roll: { events: 1e9, bytes: 1e9, ageMs: 1e12 },
    firstSequence: 1,
    indexedVersion: () => 0,
  });

/** A journal of one event that says that it has another format version. */
async function journalOf(t: TestContext, formatVersion: number) {
  const directory = await temporaryDirectory(t);
  const chained = new ChainedLinks();
  const log = await openLog(directory);
  await log.append(chained.next('a'));
  const { path } = log.tail;
  await log.close();
  const bytes = await readFile(path);
  bytes.writeUInt32LE(formatVersion, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, FILE_HEADER_BYTES - 4)), FILE_HEADER_BYTES - 4);
  await writeFile(path, bytes);
  return { directory, chained, path };
}

const versionOf = async (path: string): Promise<number> => (await readFile(path)).readUInt32LE(8);

test('a journal of a newer format is refused', async (t) => {
  const { directory } = await journalOf(t, JOURNAL_FORMAT_VERSION + 1);
  await assert.rejects(openLog(directory), { code: 'UNSUPPORTED_FORMAT' });
});

test('after a journal of an older format, which stays as it is, events go on in a new one', async (t) => {
  const { directory, chained, path } = await journalOf(t, JOURNAL_FORMAT_VERSION - 1);
  const log = await openLog(directory);
  assert.equal(await log.append(chained.next('b')), 2);
  assert.deepEqual(
    (await log.read([1, 2])).map(({ sequence }) => sequence),
    [1, 2],
  );
  const { path: newest } = log.tail;
  await log.close();
  assert.equal((await readdir(directory)).length, 2);
  assert.notEqual(newest, path);
  assert.equal(await versionOf(path), JOURNAL_FORMAT_VERSION - 1);
  assert.equal(await versionOf(newest), JOURNAL_FORMAT_VERSION);
});
