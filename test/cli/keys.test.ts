import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEY_FILE } from '../../src/access/key-file.js';
import { cli } from '../support/cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface ListedKey {
  id: string;
  subject: string;
  role: string;
  state: string;
}

test('makes keys, lists them without their secrets, and revokes them', async (t) => {
  const dataDir = join(await temporaryDirectory(t), 'new');
  const env = { FI_DATA_DIR: dataDir };
  const made = await cli(['keys', 'add', '--subject', 'dr-lopez', '--role', 'clinician'], { env });
  assert.equal(made.exitCode, 0, made.stderr);
  const [, id, secret] = /^fik_([0-9a-f]{12})_([\w-]{43})\n$/.exec(made.stdout) ?? [];
  assert.ok(id && secret);
  assert.match(made.stderr, /the only time/);
  await cli([
    'keys',
    'add',
    '--subject',
    'front-end',
    '--role',
    'service',
    '--expires-days',
    '30',
    '--data-dir',
    dataDir,
  ]);
  const list = async (): Promise<ListedKey[]> =>
    JSON.parse((await cli(['keys', 'list', '--json'], { env })).stdout) as ListedKey[];
  const before = await list();
  assert.deepEqual(
    before.map(({ subject, role, state }) => [subject, role, state]),
    [
      ['dr-lopez', 'clinician', 'valid'],
      ['front-end', 'service', 'valid'],
    ],
  );
  const text = (await cli(['keys', 'list'], { env })).stdout;
  assert.ok(text.includes(id) && !text.includes(secret) && !JSON.stringify(before).includes('sha256'));
  assert.equal((await cli(['keys', 'revoke', id], { env })).stdout, `revoked ${id}\n`);
  assert.match((await list())[0]?.state ?? '', /^revoked 2/);
  const again = await cli(['keys', 'revoke', id], { env });
  assert.deepEqual([again.exitCode, again.stdout], [1, '']);
  assert.match(again.stderr, /^fi-consult keys: the key was revoked before, at .*\n$/);
  assert.match((await cli(['keys', 'revoke', 'x'], { env })).stderr, /there is no key x; /);
});

test('refuses what no key can be, before anything is made', async (t) => {
  const dataDir = await temporaryDirectory(t);
  for (const [args, message] of [
    [['add', '--subject', 'a', '--role', 'root'], /clinician, auditor, service, admin/],
    [['add', '--subject', '', '--role', 'admin'], /1 to 128 characters/],
    [['add', '--subject', 'a\nb', '--role', 'admin'], /control characters/],
    [['add', '--role', 'admin'], /--subject/],
    [['add', '--subject', 'a', '--role', 'admin', '--expires-days', '0'], /whole number from 1/],
  ] as const) {
    const { exitCode, stderr } = await cli(['keys', ...args, '--data-dir', dataDir]);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, message);
  }
  assert.equal((await cli(['keys', 'list', '--json', '--data-dir', dataDir])).stdout, '[]\n');
});

test('says in one line that the file of keys is damaged, and changes nothing', async (t) => {
  const dataDir = await temporaryDirectory(t);
  await writeFile(join(dataDir, KEY_FILE), '{"format": "fi-consult keys", "keys": []}');
  for (const args of [['list'], ['add', '--subject', 'a', '--role', 'admin']]) {
    const { exitCode, stderr } = await cli(['keys', ...args, '--data-dir', dataDir]);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^fi-consult keys: CREDENTIAL_FILE_DAMAGED: keys\.json is damaged: its checksum does not match\. .*\n$/,
    );
  }
});
