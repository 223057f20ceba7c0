/**
 * Reads how far an index is straight from its file, without LMDB: for another process than the service's.
 *
 * LMDB itself must not do this beside a writer: whoever opens an environment stores the transaction number it has
 * read from the file into the shared lock file, and if the writer commits between the two, the writer's next
 * transaction builds on an old state (`mdb_env_open2` in the LMDB of npm lmdb 3.5). It also maps the file and
 * trusts it. Here bytes are read and checked, and nothing is written, mapped or locked.
 *
 * Pages of the newest state are never changed in place: what a transaction leaves behind is used again by the one
 * after it at the earliest. So what was read holds if the state is still the newest one afterwards.
 *
 * A page, little-endian, after its header of 24 bytes: offsets (2 bytes each, counted from the end of the header) of
 * its nodes, in the order of keys.
 *
 *   offset  size  field of the header          offset  size  field of a node
 *        0     8  number of the page                0     4  bytes of the value, or low bits of the child's page
 *       18     2  flags: 1 branch, 2 leaf           4     2  flags, or high bits of the child's page
 *       20     2  bytes of the node offsets         6     2  bytes of the key
 *                                                   8     -  key, then value
 *
 * A table stands in the main tree under its name and a zero byte; the value is its description, with the number of
 * its root page at byte 40.
 */
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { checkDataFile, type Meta, readNewestMeta } from './data-file.js';
import { APPLIED_KEY, META_TABLE, NUMBER_BYTES } from './index-layout.js';

/** What is known of an index. `reason` ends a sentence on it. */
export type IndexProgress = { kind: 'known'; appliedSequence: number } | { kind: 'unknown'; reason: string };

const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;
const BRANCH = 1;
const LEAF = 2;
const ROOT_AT = 40;
const TABLE_BYTES = 48;
/** The root of a tree without pages. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
/** Commits come milliseconds apart and a look takes less than one, so a second attempt is rare. */
const ATTEMPTS_MAX = 20;
/** No tree of LMDB is deeper. */
const DEPTH_MAX = 32;

const DAMAGED: IndexProgress = { kind: 'unknown', reason: 'its file is damaged' };

/** How far the index in a directory is. What is wrong with it is an answer, and never thrown. */
export async function readIndexProgress(directory: string): Promise<IndexProgress> {
  const path = join(directory, 'data.mdb');
  try {
    const check = await checkDataFile(path);
    if (check === 'missing') return { kind: 'unknown', reason: 'there is none' };
    if (check !== 'sound') return { kind: 'unknown', reason: check.unusable };
    return await readProgress(path);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return { kind: 'unknown', reason: `it cannot be read (${code})` };
  }
}

async function readProgress(path: string): Promise<IndexProgress> {
  const file = await fs.open(path, 'r');
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const meta = await readNewestMeta(file);
      if (meta === undefined) return DAMAGED;
      const progress = await progressAt(file, meta);
      if ((await readNewestMeta(file))?.transaction === meta.transaction) return progress;
    }
    return { kind: 'unknown', reason: 'it changes faster than it can be read' };
  } finally {
    await file.close();
  }
}

async function progressAt(file: fs.FileHandle, meta: Meta): Promise<IndexProgress> {
  const table = await lookUp(file, meta, meta.mainRoot, Buffer.from(`${META_TABLE.name}\0`, 'latin1'));
  if (table === 'damaged' || table?.length !== TABLE_BYTES) return DAMAGED;
  const value = await lookUp(file, meta, table.readBigUInt64LE(ROOT_AT), APPLIED_KEY);
  if (value === undefined) return { kind: 'known', appliedSequence: 0 };
  if (value === 'damaged' || value.length < NUMBER_BYTES) return DAMAGED;
  return { kind: 'known', appliedSequence: META_TABLE.readValue(value) };
}

/** The value of a key in the tree at a root page; `undefined` if it has none. */
async function lookUp(
  file: fs.FileHandle,
  { pageBytes, lastPage }: Meta,
  root: bigint,
  key: Buffer,
): Promise<Buffer | 'damaged' | undefined> {
  if (root === NO_PAGE) return undefined;
  const page = Buffer.alloc(pageBytes);
  let number = root;
  for (let depth = 1; depth <= DEPTH_MAX; depth += 1) {
    if (number > lastPage) return 'damaged';
    const { bytesRead } = await file.read(page, 0, pageBytes, Number(number) * pageBytes);
    const kind = page.readUInt16LE(18) & (BRANCH | LEAF);
    const nodes = bytesRead === pageBytes ? nodesOf(page) : undefined;
    if (nodes === undefined) return 'damaged';
    if (kind === LEAF) return nodes.find((node) => node.key.equals(key))?.value;
    // The first node of a branch has no key: it leads to all that is smaller than the second.
    const child = nodes.findLast((node, index) => index === 0 || node.key.compare(key) <= 0);
    if (kind !== BRANCH || child === undefined) return 'damaged';
    number = child.page;
  }
  return 'damaged';
}

interface Node {
  key: Buffer;
  /** Of a leaf; a view. */
  value: Buffer;
  /** Of a branch. */
  page: bigint;
}

/** The nodes of a page, in the order of keys; `undefined` if they do not fit it. */
function nodesOf(page: Buffer): Node[] | undefined {
  const end = PAGE_HEADER_BYTES + page.readUInt16LE(20);
  if (end > page.length) return undefined;
  const nodes: Node[] = [];
  for (let at = PAGE_HEADER_BYTES; at + 2 <= end; at += 2) {
    const offset = PAGE_HEADER_BYTES + page.readUInt16LE(at);
    if (offset + NODE_HEADER_BYTES > page.length) return undefined;
    const low = page.readUInt32LE(offset);
    const keyAt = offset + NODE_HEADER_BYTES;
    const valueAt = keyAt + page.readUInt16LE(offset + 6);
    nodes.push({
      key: page.subarray(keyAt, valueAt),
      value: page.subarray(valueAt, valueAt + low),
      page: BigInt(low) + (BigInt(page.readUInt16LE(offset + 4)) << 32n),
    });
  }
  return nodes;
}
