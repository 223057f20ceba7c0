/**
 * A bit that turns over while nobody looks, in a file that counts, at a place where that has to be found.
 *
 * Left out is what docs/durability.md leaves out: the last block of the newest journal, for which the index is the only
 * witness, and files that no list names.
 */
import { basename, join } from 'node:path';
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import { FILE_HEADER_BYTES, journalFirstSequence } from '../../src/log/journal-format.js';
import { readBlocks } from '../../src/log/journal-scanner.js';
import type { Disk } from '../../src/ops/disk.js';
import { MANIFEST_FILE, readManifest } from '../../src/segments/manifest.js';
import type { DiskImage, FileImage } from './disk-image.js';
import { DATA_DIR } from './simulated-machine.js';

export interface Rot {
  path: string;
  offset: number;
  bit: number;
}

const JOURNALS = join(DATA_DIR, 'journal');
const SEGMENTS = join(DATA_DIR, 'segments');

/** Chooses a bit; none if there is no file that could be chosen. The files must be sound. */
export async function chooseRot(disk: Disk, random: Random): Promise<Rot | undefined> {
  const journals = (await disk.list(JOURNALS)).filter((name) => journalFirstSequence(name) !== undefined);
  const places: { path: string; bytes: number }[] = [];
  for (const name of journals) {
    const path = join(JOURNALS, name);
    places.push({ path, bytes: await provenBytes(disk, path, name === journals.at(-1)) });
  }
  const segments = await readManifest(disk, SEGMENTS);
  for (const { file, fileBytes } of segments) places.push({ path: join(SEGMENTS, file), bytes: fileBytes });
  if (segments.length > 0) {
    const path = join(SEGMENTS, MANIFEST_FILE);
    const file = await disk.open(path, { mode: 'read' });
    places.push({ path, bytes: await file.size() });
    await file.close();
  }
  const possible = places.filter(({ bytes }) => bytes > 0);
  if (possible.length === 0) return undefined;
  const { path, bytes } = pickOne(random, possible);
  return { path, offset: integerBetween(random, 0, bytes - 1), bit: integerBetween(random, 0, 7) };
}

/** How many bytes of a journal something after them, or another journal, proves. */
async function provenBytes(disk: Disk, path: string, isNewest: boolean): Promise<number> {
  const file = await disk.open(path, { mode: 'read' });
  const size = await file.size();
  let before = FILE_HEADER_BYTES;
  let end = FILE_HEADER_BYTES;
  for await (const block of readBlocks(file, FILE_HEADER_BYTES, size)) {
    before = block.offset;
    end = block.end;
  }
  await file.close();
  return isNewest ? before : end;
}

/** Turns the bit over, or back, in the file that has the path now; nothing if there is none that is as long. */
export function turn(image: DiskImage, { path, offset, bit }: Rot): void {
  const directory = path.startsWith(JOURNALS) ? JOURNALS : SEGMENTS;
  const file: FileImage | undefined = image.directories.get(directory)?.cached.get(basename(path));
  if (file !== undefined && offset < file.durableBytes) file.rot(offset, bit);
}
