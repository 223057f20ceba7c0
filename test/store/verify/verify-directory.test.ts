/** What a check of a data directory finds beyond single bytes, and what it leaves alone. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FileLog } from '../../../src/log/file-log.js';
import { encodeBlock, FILE_HEADER_BYTES } from '../../../src/log/journal-format.js';
import { readBlocks } from '../../../src/log/journal-scanner.js';
import { nodeDisk } from '../../../src/ops/disk.js';
import { repackStore } from '../../../src/store/repack-store.js';
import { ChainedLinks } from '../../support/chained-links.js';
import { openTestStore } from '../../support/local-store.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { playScript } from '../event-store.contract.js';
import { copyOf, smallStore, verified } from './small-store.js';

/** Far more checks than three segments take to be sealed. */
const ROUNDS_MAX = 5000;
const CODECS = ['gzip:4', 'gzip:1', 'none'];
const sealed = (firstSequence: number): string =>
  `segments/segment-${String(firstSequence).padStart(16, '0')}.h5`;
const journal = (firstSequence: number): string =>
  `journal/${String(firstSequence).padStart(16, '0')}.journal`;

/** Only journals, of three events each: nothing was sealed. */
async function journalsOnly(t: TestContext): Promise<string> {
  const dataDir = await temporaryDirectory(t);
  const log = await FileLog.open({
    disk: nodeDisk,
    directory: join(dataDir, 'journal'),
    durability: 'fsync',
    roll: { events: 3, bytes: 1e9, ageMs: 1e9 },
    firstSequence: 1,
    indexedVersion: () => 0,
  });
  const links = new ChainedLinks();
  for (let i = 0; i < 8; i += 1) await log.append(links.next(i % 2 === 0 ? 'even' : 'odd'));
  await log.close();
  return dataDir;
}

/** SHA-256 of every file of a directory by its name. */
async function contents(dataDir: string): Promise<Map<string, string>> {
  const names = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = new Map<string, string>();
  for (const file of files.sort()) {
    hashes.set(
      file,
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  }
  return hashes;
}

async function swap(dataDir: string, one: string, other: string): Promise<void> {
  const [a, b, between] = [join(dataDir, one), join(dataDir, other), join(dataDir, 'between')];
  await rename(a, between);
  await rename(b, a);
  await rename(between, b);
}

/** Cuts the last `count` blocks off a journal. */
async function cutBlocks(path: string, count: number): Promise<void> {
  const bytes = await readFile(path);
  let end = bytes.length;
  for (let i = 0; i < count; i += 1) end = bytes.lastIndexOf('FIBK', end - 1);
  await truncate(path, end);
}

describe('A check of a data directory', () => {
  it('finds nothing in one that is sound, and changes nothing', async (t) => {
    const { dataDir, headSequence } = await smallStore(t, CODECS);
    const before = await contents(dataDir);
    const { summary, damages, notes } = await verified(dataDir);
    assert.deepEqual([damages, notes], [[], []]);
    const { segments, journals, events, consultations } = summary;
    assert.deepEqual([segments, journals, events, consultations], [3, 1, headSequence, 2]);
    assert.equal(summary.headSequence, headSequence);
    assert.match(summary.root ?? '', /^[0-9a-f]{64}$/);
    const after = await contents(dataDir);
    assert.deepEqual(after, before);
  });

  it('finds what is missing, by its name', async (t) => {
    const { dataDir } = await smallStore(t, CODECS);
    for (const file of [sealed(1), sealed(7), sealed(13), journal(19)]) {
      const copy = await copyOf(t, dataDir);
      await rm(join(copy, file));
      const { damages } = await verified(copy);
      const found = file.startsWith('journal') ? 'journal' : file;
      assert.deepEqual(
        damages.map((damage) => damage.file),
        [found],
      );
    }
    const copy = await copyOf(t, dataDir);
    await rm(join(copy, 'segments/manifest.json'));
    const { damages, summary } = await verified(copy);
    assert.deepEqual(
      damages.map(({ file }) => file),
      ['segments/manifest.json'],
    );
    assert.equal(summary.events, 22, 'the files are checked all the same');
  });

  it('finds a lost manifest also where there was one segment only', async (t) => {
    const { dataDir } = await smallStore(t, ['gzip:4']);
    await rm(join(dataDir, 'segments/manifest.json'));
    const { damages } = await verified(dataDir);
    assert.deepEqual(
      damages.map(({ file }) => file),
      ['segments/manifest.json'],
    );
  });

  it('finds files that changed places, and one of another store', async (t) => {
    const { dataDir } = await smallStore(t, CODECS);
    const swapped = await copyOf(t, dataDir);
    await swap(swapped, sealed(1), sealed(7));
    assert.deepEqual(
      (await verified(swapped)).damages.map(({ file, sequence }) => [file, sequence]),
      [
        [sealed(1), 1],
        [sealed(7), 7],
      ],
    );
    const { dataDir: other } = await smallStore(t, CODECS);
    await cp(join(other, sealed(7)), join(dataDir, sealed(7)));
    const { damages } = await verified(dataDir);
    assert.deepEqual(
      damages.map(({ file, sequence }) => [file, sequence]),
      [[sealed(7), 7]],
    );
    assert.match(damages[0]?.what ?? '', /SHA-256.*other events than the manifest says/);
  });

  it('finds journals that changed places', async (t) => {
    const dataDir = await journalsOnly(t);
    assert.deepEqual((await verified(dataDir)).damages, []);
    await swap(dataDir, journal(1), journal(4));
    assert.deepEqual(
      (await verified(dataDir)).damages.map(({ file, offset }) => [file, offset]),
      [
        [journal(1), 0],
        [journal(4), 0],
      ],
    );
  });

  it('finds a journal that is missing between others, or was cut at a block', async (t) => {
    const dataDir = await journalsOnly(t);
    const cut = await copyOf(t, dataDir);
    await rm(join(dataDir, journal(4)));
    const missing = (await verified(dataDir)).damages;
    assert.deepEqual(
      missing.map(({ file, sequence }) => [file, sequence]),
      [[journal(7), 4]],
    );
    assert.match(missing[0]?.what ?? '', /events 4 to 6 are missing before it/);
    await cutBlocks(join(cut, journal(4)), 1);
    assert.match((await verified(cut)).damages[0]?.what ?? '', /events 6 to 6 are missing before it/);
  });

  it('names the consultation and an event of a damaged segment', async (t) => {
    const { dataDir, ids } = await smallStore(t, CODECS);
    const path = join(dataDir, sealed(13));
    const bytes = await readFile(path);
    bytes[bytes.lastIndexOf('duele')] = 'D'.charCodeAt(0);
    await writeFile(path, bytes);
    const { damages, summary } = await verified(dataDir);
    assert.equal(damages.length, 1, JSON.stringify(damages));
    const [damage] = damages;
    assert.equal(damage?.file, sealed(13));
    assert.ok(ids.includes(damage?.consultationId ?? ''));
    assert.ok((damage?.sequence ?? 0) >= 13 && (damage?.sequence ?? 0) <= 18);
    assert.equal(summary.events, 16, 'the other files are checked');
  });

  it('says when the damage of a segment touches no event', async (t) => {
    const { dataDir } = await smallStore(t, CODECS);
    const path = join(dataDir, sealed(13));
    const bytes = await readFile(path);
    const codec = bytes.lastIndexOf('none');
    assert.ok(codec > 0);
    bytes.write('nine', codec);
    await writeFile(path, bytes);
    const { damages, summary } = await verified(dataDir);
    assert.match(damages[0]?.what ?? '', /SHA-256.*none of its events is touched/);
    assert.match(damages[1]?.what ?? '', /attribute codec/);
    assert.equal(summary.events, 22);
  });

  it('goes on after each damage, and names each once', async (t) => {
    const dataDir = await journalsOnly(t);
    const first = join(dataDir, journal(1));
    const bytes = await readFile(first);
    const second = bytes.indexOf('FIBK', bytes.indexOf('FIBK') + 1);
    bytes[second + 60] = (bytes[second + 60] as number) ^ 1;
    await writeFile(first, bytes);
    const last = join(dataDir, journal(7));
    const header = await readFile(last);
    header[20] = 9;
    await writeFile(last, header);
    const { damages, summary } = await verified(dataDir);
    assert.deepEqual(
      damages.map(({ file, offset, sequence }) => [file, offset, sequence]),
      [
        [journal(1), second, 2],
        [journal(7), 0, 7],
      ],
    );
    assert.equal(summary.events, 7, 'all but the one in the damaged block are read');
    assert.equal(summary.root, undefined);
  });

  it('finds an event that was changed together with the checksums of its block', async (t) => {
    const dataDir = await journalsOnly(t);
    const path = join(dataDir, journal(4));
    const file = await nodeDisk.open(path, { mode: 'read' });
    const parts = [await file.read(0, FILE_HEADER_BYTES)];
    for await (const { firstSequence, links } of readBlocks(file, FILE_HEADER_BYTES, await file.size())) {
      if (firstSequence === 4) links[0]?.write('X', (links[0]?.length ?? 0) - 10);
      const linkBytes = links.reduce((sum, link) => sum + link.length, 0);
      parts.push(encodeBlock(firstSequence, links, linkBytes));
    }
    await file.close();
    await writeFile(path, Buffer.concat(parts));
    const { damages } = await verified(dataDir);
    assert.deepEqual(
      damages.map((damage) => [damage.file, damage.sequence]),
      [[journal(4), 6]],
    );
    assert.match(damages[0]?.what ?? '', /does not follow the event before it/);
    assert.ok(damages[0]?.consultationId);
  });

  it('finds that the last events are missing as long as the index is there, or a root was noted', async (t) => {
    const { dataDir, headSequence } = await smallStore(t, CODECS);
    const { root = '' } = (await verified(dataDir)).summary;
    const noted = [{ sequence: headSequence, root }];
    assert.deepEqual((await verified(dataDir, { expected: noted })).damages, []);
    await cutBlocks(join(dataDir, journal(19)), 2);
    const { damages } = await verified(dataDir);
    assert.deepEqual(
      damages.map(({ file, sequence }) => [file, sequence]),
      [[journal(19), headSequence]],
    );
    await rm(join(dataDir, 'index'), { recursive: true });
    // Its text names this process, which is no service.
    await rm(join(dataDir, 'LOCK'));
    const unwitnessed = await verified(dataDir);
    assert.deepEqual(unwitnessed.damages, []);
    assert.ok(unwitnessed.notes.some((note) => /does not end as an idle log does/.test(note)));
    assert.ok(unwitnessed.notes.some((note) => /^index: /.test(note)));
    const { damages: expected } = await verified(dataDir, { expected: noted });
    assert.match(expected[0]?.what ?? '', /expected event is missing/);
  });

  it('finds a noted root again after its events were sealed, and not in another store', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const roll = { events: 40, bytes: 1e9, ageMs: 1e9 };
    const first = await openTestStore(dataDir, { roll });
    await playScript(first, 1);
    const { headSequence } = await first.health();
    await first.close();
    const { root = '' } = (await verified(dataDir)).summary;
    const second = await openTestStore(dataDir, { roll });
    for (let seed = 2; seed < 5; seed += 1) await playScript(second, seed);
    await second.archived();
    await second.close();
    const later = await verified(dataDir, { expected: [{ sequence: headSequence, root }] });
    assert.ok(later.summary.segments > headSequence / 40, 'the noted event is in a sealed segment now');
    assert.deepEqual(later.damages, []);
    const wrong = root.startsWith('0') ? `1${root.slice(1)}` : `0${root.slice(1)}`;
    const { damages } = await verified(dataDir, { expected: [{ sequence: headSequence, root: wrong }] });
    assert.deepEqual(
      damages.map(({ sequence }) => sequence),
      [headSequence],
    );
  });

  it('compares a journal that was sealed and not deleted yet with its segment', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const store = await openTestStore(dataDir, { roll: { events: 1e6, bytes: 1e9, ageMs: 1e9 } });
    await playScript(store, 1);
    await store.close();
    const kept = await readFile(join(dataDir, journal(1)));
    // One event more, and the journal so far is full and sealed.
    const again = await openTestStore(dataDir, { roll: { events: 1, bytes: 1e9, ageMs: 1e9 } });
    await again.create({ userId: 'dr', source: 'test' });
    await again.archived();
    await again.close();
    await writeFile(join(dataDir, journal(1)), kept);
    assert.deepEqual((await verified(dataDir)).damages, []);
    const { dataDir: other } = await smallStore(t, ['none']);
    const stranger = await readFile(join(other, journal(7)));
    await writeFile(join(dataDir, journal(1)), stranger);
    assert.deepEqual(
      (await verified(dataDir)).damages.map(({ file }) => file),
      [journal(1)],
    );
  });

  it('takes a torn tail as no damage, and knows one that is being written', async (t) => {
    const { dataDir } = await smallStore(t, ['none']);
    await appendFile(join(dataDir, journal(7)), 'FIBK and no more');
    await writeFile(join(dataDir, 'LOCK'), 'process 0, since never\n');
    const stopped = await verified(dataDir);
    assert.deepEqual(stopped.damages, []);
    assert.match(stopped.notes.join(), /the last 16 bytes are a torn tail .* cut off at the next start/);
    await writeFile(join(dataDir, 'LOCK'), `process ${process.pid}, since now\n`);
    assert.match((await verified(dataDir)).notes.join(), /the last 16 bytes are a write in progress/);
  });

  it('takes a damaged index, and files that are none of its own, as no damage', async (t) => {
    const { dataDir } = await smallStore(t, ['none']);
    const path = join(dataDir, 'index', 'data.mdb');
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xff, 8192));
    await writeFile(join(dataDir, 'segments', 'notes.txt'), 'mine');
    const { damages, notes } = await verified(dataDir);
    assert.deepEqual(damages, []);
    assert.ok(notes.includes('segments/notes.txt is no file of the service'));
    assert.ok(
      notes.some((note) => note.startsWith('index: ')),
      notes.join(),
    );
  });

  it('finds nothing in the directory of a service that appends, seals and deletes meanwhile', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const store = await openTestStore(dataDir, { roll: { events: 25, bytes: 1e9, ageMs: 1e9 } });
    await playScript(store, 1);
    let isWriting = true;
    const writing = (async () => {
      for (let seed = 2; isWriting; seed += 1) await playScript(store, seed);
    })();
    const heads: number[] = [];
    let sealedMeanwhile = 0;
    for (let round = 0; sealedMeanwhile < 3 && round < ROUNDS_MAX; round += 1) {
      const acknowledged = (await store.health()).headSequence;
      const { summary, damages } = await verified(dataDir);
      assert.deepEqual(damages, []);
      assert.ok(summary.headSequence >= acknowledged, 'what was acknowledged before is checked');
      assert.equal(summary.events, summary.headSequence);
      heads.push(summary.headSequence);
      sealedMeanwhile = summary.segments;
    }
    isWriting = false;
    await writing;
    await store.close();
    assert.ok((heads.at(-1) ?? 0) > (heads[0] ?? 0), 'it grew meanwhile');
    assert.ok(sealedMeanwhile >= 3, 'segments were sealed meanwhile');
  });

  it('finds nothing in a directory whose segments are repacked meanwhile', async (t) => {
    const { dataDir } = await smallStore(t, CODECS);
    const { root } = (await verified(dataDir)).summary;
    let isRepacking = true;
    const repacking = repackStore({ dataDir, codec: 'gzip:9' }).finally(() => {
      isRepacking = false;
    });
    while (isRepacking) {
      const { summary, damages, notes } = await verified(dataDir);
      assert.deepEqual(damages, []);
      assert.equal(summary.root, root);
      assert.deepEqual(
        notes.filter((note) => note.includes('is no file')),
        [],
      );
    }
    assert.equal((await repacking).repacked, 3);
  });
});
