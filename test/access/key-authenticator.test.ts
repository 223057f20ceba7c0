import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openKeyAuthenticator } from '../../src/access/key-authenticator.js';
import { KEY_FILE, type KeyRecord, readKeyFile, updateKeyFile } from '../../src/access/key-file.js';
import { keyText, newKey, parseKey, secretHash } from '../../src/access/key-secret.js';
import type { Authenticator, Role } from '../../src/domain/access.js';
import { CodedError } from '../../src/domain/errors.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const POLL_MS = 5;
const START_MS = Date.parse('2026-03-01T08:00:00.000Z');

const isCode = (code: string) => (error: unknown) => error instanceof CodedError && error.code === code;

/** Makes a key and gives its text. */
async function addKey(
  dataDir: string,
  subject: string,
  role: Role,
  changes: Partial<KeyRecord> = {},
): Promise<string> {
  const parts = newKey();
  const key: KeyRecord = {
    id: parts.id,
    subject,
    role,
    secret_sha256: secretHash(parts.secret).toString('hex'),
    created_at: new Date(START_MS).toISOString(),
    expires_at: null,
    revoked_at: null,
    ...changes,
  };
  await updateKeyFile(nodeDisk, dataDir, (keys) => ({ keys: [...keys, key], result: undefined }));
  return keyText(parts);
}

async function open(t: TestContext, dataDir: string, nowMs: () => number = () => START_MS) {
  const problems: unknown[] = [];
  const onProblem = (problem: unknown): void => {
    problems.push(problem);
  };
  const authenticator = await openKeyAuthenticator({ dataDir, onProblem, pollMs: POLL_MS, nowMs });
  t.after(() => authenticator.close());
  return { authenticator, problems };
}

const whoIs = (authenticator: Authenticator, key: string): string => {
  try {
    const principal = authenticator.authenticate(`Bearer ${key}`);
    assert.ok(!(principal instanceof Promise), 'a key is judged at once');
    return `${principal.subject} ${principal.role}`;
  } catch (error) {
    assert.ok(error instanceof CodedError);
    return error.code;
  }
};

/** Waits until a key is judged so; the test's own time limit is the only one. */
async function becomes(authenticator: Authenticator, key: string, expected: string): Promise<void> {
  while (whoIs(authenticator, key) !== expected) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

describe('API keys', () => {
  it('say who holds them, and nothing that is nearly one does', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const key = await addKey(dataDir, 'dr-lopez', 'clinician');
    const other = await addKey(dataDir, 'front-end', 'service');
    const { authenticator } = await open(t, dataDir);
    assert.equal(whoIs(authenticator, key), 'dr-lopez clinician');
    assert.equal(whoIs(authenticator, other), 'front-end service');
    const [mine, theirs] = [parseKey(key), parseKey(other)];
    assert.ok(mine && theirs);
    for (const text of [
      keyText({ ...mine, secret: theirs.secret }),
      keyText({ ...mine, secret: newKey().secret }),
      keyText(newKey()),
      key.slice(0, -1),
      `${key}x`,
      key.toUpperCase(),
    ]) {
      assert.equal(whoIs(authenticator, text), 'CREDENTIALS_REFUSED', text);
    }
  });

  it('are asked for when a request has none', async (t) => {
    const { authenticator } = await open(t, await temporaryDirectory(t));
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic ZHI6eA==', 'Bearer a b']) {
      assert.throws(() => authenticator.authenticate(header), isCode('CREDENTIALS_MISSING'), header);
    }
  });

  it('hold until they expire', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const key = await addKey(dataDir, 'dr-lopez', 'clinician', { expires_at: '2026-03-01T08:00:01.000Z' });
    let now = START_MS;
    const { authenticator } = await open(t, dataDir, () => now);
    assert.equal(whoIs(authenticator, key), 'dr-lopez clinician');
    now += 1000;
    assert.equal(whoIs(authenticator, key), 'CREDENTIALS_REFUSED');
  });

  it('are taken and refused as the file changes, without a restart', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const { authenticator, problems } = await open(t, dataDir);
    const key = await addKey(dataDir, 'dr-lopez', 'clinician');
    await becomes(authenticator, key, 'dr-lopez clinician');
    await updateKeyFile(nodeDisk, dataDir, (keys) => {
      return {
        keys: keys.map((one) => ({ ...one, revoked_at: '2026-03-01T09:00:00.000Z' })),
        result: undefined,
      };
    });
    await becomes(authenticator, key, 'CREDENTIALS_REFUSED');
    const next = await addKey(dataDir, 'dr-ruiz', 'clinician');
    await becomes(authenticator, next, 'dr-ruiz clinician');
    await rm(join(dataDir, KEY_FILE));
    await becomes(authenticator, next, 'CREDENTIALS_REFUSED');
    assert.deepEqual(problems, []);
  });

  it('hold on while their file cannot be used, which is said once', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const key = await addKey(dataDir, 'dr-lopez', 'clinician');
    const { authenticator, problems } = await open(t, dataDir);
    const text = await readFile(join(dataDir, KEY_FILE), 'utf8');
    await writeFile(join(dataDir, KEY_FILE), text.slice(0, -40));
    while (problems.length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    assert.equal(whoIs(authenticator, key), 'dr-lopez clinician');
    await addKey(dataDir, 'dr-ruiz', 'clinician').catch((error: unknown) => {
      assert.ok(isCode('CREDENTIAL_FILE_DAMAGED')(error));
    });
    await writeFile(join(dataDir, KEY_FILE), text);
    const other = await addKey(dataDir, 'dr-ruiz', 'clinician');
    await becomes(authenticator, other, 'dr-ruiz clinician');
    assert.equal(problems.length, 1);
  });
});

describe('the file of keys', () => {
  it('is for its owner alone and has no secret in it', async (t) => {
    const dataDir = await temporaryDirectory(t);
    const key = await addKey(dataDir, 'dr-lopez', 'clinician');
    const { mode } = await stat(join(dataDir, KEY_FILE));
    assert.equal(mode & 0o777, 0o600);
    const text = await readFile(join(dataDir, KEY_FILE), 'utf8');
    assert.ok(!text.includes(parseKey(key)?.secret ?? 'no key'));
  });

  it('loses no change of two that come together', async (t) => {
    const dataDir = await temporaryDirectory(t);
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => addKey(dataDir, `user-${index}`, 'clinician')),
    );
    const subjects = (await readKeyFile(nodeDisk, dataDir)).map(({ subject }) => subject);
    assert.equal(new Set(subjects).size, 12);
  });

  it('lets nobody in with any byte of it changed', async (t) => {
    const dataDir = await temporaryDirectory(t);
    await addKey(dataDir, 'dr-lopez', 'clinician');
    const path = join(dataDir, KEY_FILE);
    const whole = await readFile(path);
    for (let offset = 0; offset < whole.length; offset += 7) {
      const bytes = Buffer.from(whole);
      bytes[offset] = (bytes[offset] as number) ^ 1;
      await writeFile(path, bytes);
      const keys = await readKeyFile(nodeDisk, dataDir).catch((error: unknown) => error);
      const isRefused = isCode('CREDENTIAL_FILE_DAMAGED')(keys) || isCode('UNSUPPORTED_FORMAT')(keys);
      // White space means nothing in JSON.
      const isSame = Array.isArray(keys) && JSON.stringify(keys).includes('"dr-lopez"');
      assert.ok(
        isRefused || (isSame && /\s/.test(String.fromCharCode(whole[offset] as number))),
        `offset ${offset}`,
      );
    }
  });
});
