import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { DirectoryImage, DiskImage, FileImage } from './disk-image.js';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

function write(file: FileImage, text: string, isDurable = false): void {
  file.complete(file.begin({ kind: 'write', offset: 0, data: Buffer.from(text), isDone: false }), isDurable);
}

const textOf = (file: FileImage | undefined): string | undefined => file?.cached.read(0, 1e6).toString();

/** What each seed leaves of a file, each once. */
function left(seeds: readonly number[], make: (seed: number) => FileImage): Set<string | undefined> {
  return new Set(seeds.map((seed) => textOf(make(seed).afterPowerCut(seededRandom(seed)))));
}

test('a power cut leaves what was synced, or written durably, and all of it', () => {
  const kept = left(SEEDS, (seed) => {
    const file = new FileImage();
    write(file, 'the same bytes', seed % 2 === 0);
    file.synced(file.syncable);
    return file;
  });
  assert.deepEqual([...kept], ['the same bytes']);
});

test('a power cut leaves anything of what was written and not synced', () => {
  const kept = left(SEEDS, () => {
    const file = new FileImage();
    write(file, 'abcdef');
    return file;
  });
  for (const text of ['', 'a', 'abc', 'abcdef']) assert.ok(kept.has(text), `"${text}" may be left`);
});

test('a power cut may tear a durable write that is under way, and nothing before it', () => {
  const kept = left(SEEDS, () => {
    const file = new FileImage();
    write(file, 'before', true);
    file.begin({ kind: 'write', offset: 6, data: Buffer.from('after'), isDone: false });
    return file;
  });
  for (const text of kept) assert.match(text ?? '', /^before/);
  for (const text of ['before', 'beforeaf', 'beforeafter'])
    assert.ok(kept.has(text), `"${text}" may be left`);
});

test('a power cut leaves each sector of a write inside a file old or new, on its own', () => {
  const sectors = (file: FileImage): string =>
    [0, 512, 1024]
      .map((at) =>
        file.cached
          .read(at, 512)
          .toString('latin1')
          .replace(/(.)\1{511}/, '$1'),
      )
      .join('');
  const kept = new Set(
    SEEDS.map((seed) => {
      const file = new FileImage();
      write(file, 'o'.repeat(3 * 512 + 100), true);
      file.begin({ kind: 'write', offset: 0, data: Buffer.alloc(3 * 512, 'n'), isDone: false });
      const left = file.afterPowerCut(seededRandom(seed));
      assert.equal(left.cached.length, 3 * 512 + 100);
      return sectors(left);
    }),
  );
  for (let mask = 0; mask < 8; mask += 1) {
    const mixture = [0, 1, 2].map((bit) => (mask & (1 << bit) ? 'n' : 'o')).join('');
    assert.ok(kept.has(mixture), `"${mixture}" may be left`);
  }
});

test('a later sync does not save what a failed one lost', () => {
  const kept = left(SEEDS, (seed) => {
    const file = new FileImage();
    write(file, 'lost');
    file.lost(file.syncable, seededRandom(seed + 1));
    file.synced(file.syncable);
    return file;
  });
  assert.ok(kept.has('') && kept.has('lost'));
});

test('a kill leaves what was written, and as much as it likes of what was being written', () => {
  const kept = new Set(
    SEEDS.map((seed) => {
      const file = new FileImage();
      write(file, 'done');
      file.begin({ kind: 'write', offset: 4, data: Buffer.from('more'), isDone: false });
      return textOf(file.afterKill(seededRandom(seed)));
    }),
  );
  for (const text of ['done', 'donem', 'donemore']) assert.ok(kept.has(text), `"${text}" may be left`);
  for (const text of kept) assert.match(text ?? '', /^done/);
});

/** The names that each seed leaves in a directory in which a file was made, perhaps synced, and renamed. */
function namesLeft(isSyncedAfterRename: boolean): Set<string> {
  return new Set(
    SEEDS.map((seed) => {
      const directory = new DirectoryImage();
      const file = new FileImage();
      directory.change({ kind: 'create', name: 'draft', file });
      directory.synced(directory.pending);
      directory.change({ kind: 'rename', name: 'placed', from: 'draft', file });
      if (isSyncedAfterRename) directory.synced(directory.pending);
      const image = new DiskImage(new Map([['/d', directory]])).afterPowerCut(seededRandom(seed));
      return [...(image.directories.get('/d')?.cached.keys() ?? [])].join();
    }),
  );
}

test('a rename is lost or kept until its directory is synced', () => {
  assert.deepEqual([...namesLeft(false)].sort(), ['draft', 'placed']);
  assert.deepEqual([...namesLeft(true)], ['placed']);
});
