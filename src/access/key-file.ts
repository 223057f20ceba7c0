/**
 * The API keys of a data directory: `keys.json`, for its owner alone.
 *
 * Invariants:
 * - It is replaced as a whole and atomically, under the lock of `keys.lock`, so that of two changes none is lost.
 * - It holds no secret, only the SHA-256 of each (key-secret.ts).
 * - `sha256` is that of the rest of it in RFC 8785 form, so that a damaged byte lets nobody in.
 * - A key is never removed: one that is revoked says when, so that the audit trail's names of keys stay known.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ROLES, type Role } from '../domain/access.js';
import { canonicalJson } from '../domain/canonical-json.js';
import { CodedError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/event.js';
import { limits } from '../domain/limits.js';
import { isPlainText } from '../domain/plain-text.js';
import { type Disk, readWhole } from '../ops/disk.js';
import { replaceFile } from '../ops/replace-file.js';

export const KEY_FILE = 'keys.json';
export const KEY_LOCK_FILE = 'keys.lock';
const FORMAT = 'fi-consult keys';
const FORMAT_VERSION = 1;

/** A key as it is kept. Times are RFC 3339 in UTC, or null. */
export interface KeyRecord {
  id: string;
  subject: string;
  role: Role;
  /** SHA-256 of the secret, lower-case hex. */
  secret_sha256: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

function damaged(what: string, cause?: unknown): CodedError {
  const message =
    `${KEY_FILE} is damaged: ${what}. It is changed by "fi-consult keys" alone: restore it from a backup, ` +
    'or remove it and make the keys again.';
  return new CodedError('CREDENTIAL_FILE_DAMAGED', message, { cause });
}

/** The keys of a file's text; none if there is no file. CREDENTIAL_FILE_DAMAGED if it is not as it was written. */
export function parseKeyFile(text: string | undefined): readonly KeyRecord[] {
  if (text === undefined) return [];
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw damaged('it is no JSON', cause);
  }
  const { sha256, ...rest } = isObject(value) ? value : {};
  if (rest.format !== FORMAT) throw damaged('it is no file of keys');
  if (typeof rest.format_version === 'number' && rest.format_version > FORMAT_VERSION) {
    const message = `${KEY_FILE} has format ${rest.format_version}; this version reads ${FORMAT_VERSION}. Upgrade fi-consult.`;
    throw new CodedError('UNSUPPORTED_FORMAT', message);
  }
  if (sha256 !== checksum(rest)) throw damaged('its checksum does not match');
  if (!Array.isArray(rest.keys)) throw damaged('it has no keys');
  return rest.keys.map(keyOf);
}

/**
 * Changes the keys, durably; nobody else changes them meanwhile. Gives what `change` gives. Throws what `change`,
 * `parseKeyFile` and the disk throw, and DATA_DIR_LOCKED if another process does not let go of the lock.
 */
export async function updateKeyFile<T>(
  disk: Disk,
  dataDir: string,
  change: (keys: readonly KeyRecord[]) => { keys: readonly KeyRecord[]; result: T },
): Promise<T> {
  await disk.makeDirectory(dataDir);
  const lock = await disk.lock(join(dataDir, KEY_LOCK_FILE), { waitMs: limits.manifestLockMs });
  if (lock === undefined) {
    const message = `${KEY_FILE} is held by another process, which does not let go of it; see who has ${KEY_LOCK_FILE} open.`;
    throw new CodedError('DATA_DIR_LOCKED', message);
  }
  try {
    const { keys, result } = change(await readKeyFile(disk, dataDir));
    const rest = { format: FORMAT, format_version: FORMAT_VERSION, keys: keys.map((key) => ({ ...key })) };
    const text = `${JSON.stringify({ ...rest, sha256: checksum(rest) }, null, 1)}\n`;
    await replaceFile(disk, { directory: dataDir, name: KEY_FILE, text, isPrivate: true });
    return result;
  } finally {
    await lock.close();
  }
}

/** The keys of a data directory; none if it has no file of them. */
export async function readKeyFile(disk: Disk, dataDir: string): Promise<readonly KeyRecord[]> {
  const names = await disk.list(dataDir);
  if (!names.includes(KEY_FILE)) return [];
  return parseKeyFile((await readWhole(disk, join(dataDir, KEY_FILE))).toString());
}

function checksum(rest: JsonObject): string {
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isTime = (value: Json | undefined): boolean =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));

function keyOf(value: Json): KeyRecord {
  const key = isObject(value) ? value : {};
  const isRight =
    typeof key.id === 'string' &&
    typeof key.subject === 'string' &&
    isSubject(key.subject) &&
    ROLES.some((role) => role === key.role) &&
    typeof key.secret_sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(key.secret_sha256) &&
    isTime(key.created_at) &&
    (key.expires_at === null || isTime(key.expires_at)) &&
    (key.revoked_at === null || isTime(key.revoked_at));
  if (!isRight) throw damaged('a key has a field that is not valid');
  return key as unknown as KeyRecord;
}

/** Whether a text can be a subject: it must be able to be the `user_id` of an event. */
export function isSubject(text: string): boolean {
  return text.length >= 1 && text.length <= limits.userIdCharsMax && isPlainText(text);
}
