/**
 * The manifest: which segments are sealed, in order. `manifest.json` in the segments' directory.
 *
 * Invariants:
 * - It is replaced as a whole and atomically: a new file, fsynced, renamed over the old one, directory fsynced.
 * - `sha256` is that of the rest of it in RFC 8785 form, so that a damaged byte is found at the next start.
 * - The segments are gapless from sequence 1, and each names the root of the one before it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonicalJson } from '../domain/canonical-json.js';
import { assert, CodedError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/event.js';
import { limits } from '../domain/limits.js';
import { type Disk, readWhole } from '../ops/disk.js';
import { replaceFile } from '../ops/replace-file.js';
import { GENESIS_ROOT, isSealedFileName, type SealedSegment, sealedFileName } from './segment-layout.js';

export const MANIFEST_FILE = 'manifest.json';
/** Held while the manifest is changed: a service adds to it, and a repack beside it replaces. */
const LOCK_FILE = 'manifest.lock';
const MANIFEST_FORMAT = 'fi-consult manifest';
const MANIFEST_FORMAT_VERSION = 1;

/** The type of each field of a segment, which is also the order they are written in. */
const FIELDS = {
  file: 'string',
  firstSequence: 'number',
  lastSequence: 'number',
  eventCount: 'number',
  payloadBytes: 'number',
  linkBytes: 'number',
  fileBytes: 'number',
  codec: 'string',
  previousRoot: 'string',
  root: 'string',
  sha256: 'string',
} as const satisfies Record<keyof SealedSegment, 'string' | 'number'>;

function damaged(what: string, cause?: unknown): CodedError {
  const message = `${MANIFEST_FILE} is damaged: ${what}. Restore it, with the segment files it lists, from a backup.`;
  return new CodedError('ARCHIVE_DAMAGED', message, { cause, extensions: { file: MANIFEST_FILE } });
}

/**
 * The sealed segments, oldest first; none if there is no manifest.
 *
 * ARCHIVE_DAMAGED if it does not match its checksum or its segments do not join, UNSUPPORTED_FORMAT if a newer
 * version wrote it.
 */
export async function readManifest(disk: Disk, directory: string): Promise<SealedSegment[]> {
  const names = await disk.list(directory);
  if (!names.includes(MANIFEST_FILE)) {
    // A stop between sealing the very first segment and listing it leaves that file alone. Several without their
    // list are another matter: starting afresh would hand out their sequences again.
    const sealed = names.filter(isSealedFileName);
    if (sealed.some((name) => name !== sealedFileName(1)))
      throw damaged('it is missing beside sealed segments');
    return [];
  }
  const manifest = parse((await readWhole(disk, join(directory, MANIFEST_FILE))).toString());
  if (manifest.format !== MANIFEST_FORMAT) throw damaged('it is not a manifest');
  const version = manifest.format_version;
  if (typeof version === 'number' && version > MANIFEST_FORMAT_VERSION) {
    const message = `${MANIFEST_FILE} has format ${version}; this version reads ${MANIFEST_FORMAT_VERSION}. Upgrade fi-consult.`;
    throw new CodedError('UNSUPPORTED_FORMAT', message, { extensions: { file: MANIFEST_FILE } });
  }
  const { sha256, ...rest } = manifest;
  if (sha256 !== checksum(rest)) throw damaged('its checksum does not match');
  const segments = Array.isArray(manifest.segments) ? manifest.segments.map(segmentOf) : undefined;
  if (version !== MANIFEST_FORMAT_VERSION || segments === undefined) throw damaged('a field is missing');
  const fault = joinFault(segments);
  if (fault !== undefined) throw damaged(fault);
  return segments;
}

/**
 * Changes the manifest, durably: `change` gets the segments as they are now, and nobody else changes them
 * meanwhile. Gives what it lists then. Throws what `readManifest` and the disk throw, and DATA_DIR_LOCKED if another
 * process does not let go; the old manifest then holds.
 */
export async function updateManifest(
  disk: Disk,
  directory: string,
  change: (segments: readonly SealedSegment[]) => readonly SealedSegment[],
): Promise<readonly SealedSegment[]> {
  const lock = await disk.lock(join(directory, LOCK_FILE), { waitMs: limits.manifestLockMs });
  if (lock === undefined) {
    const message = `${MANIFEST_FILE} is held by another process, which does not let go of it; see who has ${LOCK_FILE} open.`;
    throw new CodedError('DATA_DIR_LOCKED', message);
  }
  try {
    const segments = change(await readManifest(disk, directory));
    await writeManifest(disk, directory, segments);
    return segments;
  } finally {
    await lock.close();
  }
}

/** Replaces the manifest, durably. Passes on the disk's errors; the old manifest then holds. */
export async function writeManifest(
  disk: Disk,
  directory: string,
  segments: readonly SealedSegment[],
): Promise<void> {
  const fault = joinFault(segments);
  assert(fault === undefined, `the segments of a manifest join: ${fault}`);
  await replaceFile(disk, { directory, name: MANIFEST_FILE, text: manifestText(segments) });
}

/** The text of a manifest, which is the same for the same segments. */
export function manifestText(segments: readonly SealedSegment[]): string {
  const lines = segments.map(lineOf);
  const rest = { format: MANIFEST_FORMAT, format_version: MANIFEST_FORMAT_VERSION, segments: lines };
  return `${JSON.stringify({ ...rest, sha256: checksum(rest) }, null, 1)}\n`;
}

function parse(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw damaged('it is no JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damaged('it is no JSON object');
  return value;
}

function checksum(rest: JsonObject): string {
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

function lineOf(segment: SealedSegment): JsonObject {
  return Object.fromEntries(
    (Object.keys(FIELDS) as (keyof SealedSegment)[]).map((key) => [key, segment[key]]),
  );
}

function segmentOf(line: Json): SealedSegment {
  const object = typeof line === 'object' && line !== null && !Array.isArray(line) ? line : {};
  for (const [key, type] of Object.entries(FIELDS)) {
    if (typeof object[key] !== type) throw damaged(`a segment has no valid ${key}`);
  }
  return object as unknown as SealedSegment;
}

/** What keeps segments from being one gapless, linked row; `undefined` if nothing does. */
function joinFault(segments: readonly SealedSegment[]): string | undefined {
  let sequence = 1;
  let root = GENESIS_ROOT;
  for (const segment of segments) {
    if (segment.firstSequence !== sequence) return `${segment.file} does not start at sequence ${sequence}`;
    if (segment.eventCount < 1 || segment.lastSequence !== sequence + segment.eventCount - 1) {
      return `${segment.file} does not count its events`;
    }
    if (segment.previousRoot !== root) return `${segment.file} does not follow the root before it`;
    sequence = segment.lastSequence + 1;
    root = segment.root;
  }
  return undefined;
}
