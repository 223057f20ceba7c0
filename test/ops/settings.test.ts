import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import { loadSettings } from '../../src/ops/settings.js';
import {
  flagOf,
  SETTING_KEYS,
  SETTINGS,
  settingsHelp,
  settingsMarkdown,
} from '../../src/ops/settings-table.js';

function parseCodec(text: string): void {
  if (!/^(none|gzip:[1-9])$/.test(text))
    throw new CodedError('INVALID_SETTINGS', 'must be a codec: none, gzip:1 to gzip:9');
}

function refusal(env: Record<string, string>, flags = {}): CodedError {
  try {
    loadSettings({ env, flags, parseCodec });
  } catch (error) {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, 'INVALID_SETTINGS');
    return error;
  }
  assert.fail('the settings were accepted');
}

const namesOf = ({ errors }: CodedError): string[] => (errors ?? []).map(({ path }) => path);

test('has a default for every setting, and freezes them', () => {
  const settings = loadSettings({ env: { PATH: '/bin' }, parseCodec });
  assert.deepEqual(settings, {
    host: '127.0.0.1',
    port: 7001,
    dataDir: './data',
    codec: 'gzip:6',
    segmentEvents: 65_536,
    segmentBytes: 64 * 1024 * 1024,
    segmentSeconds: 86_400,
    mirrorMs: 1000,
    durability: 'fsync',
    idempotencyHours: 24,
    allowedHosts: [],
    corsOrigins: [],
    queueEvents: 4096,
    queueMs: 2000,
    logLevel: 'info',
    auth: 'off',
    jwtIssuer: '',
    jwtAudience: '',
    jwtJwksFile: '',
    jwtSubjectClaim: 'sub',
    jwtRoleClaim: 'role',
    audit: 'auto',
    socket: '',
    workers: 0,
  });
  assert.ok(Object.isFrozen(settings));
});

test('takes a flag before the variable of the same name', () => {
  const env = { FI_PORT: '8001', FI_DATA_DIR: '/env' };
  const { port, dataDir } = loadSettings({ env, flags: { port: '9001', dataDir: undefined }, parseCodec });
  assert.deepEqual([port, dataDir], [9001, '/env']);
});

test('refuses all that is wrong at once and says what is allowed, without the values', () => {
  const error = refusal({
    FI_PORT: 'hunter2',
    FI_PROT: '7001',
    FI_CODEC: 'gzip:10',
    FI_DURABILITY: 'maybe',
    FI_SEGMENT_EVENTS: '1e3',
    FI_LOG_LEVEL: '',
  });
  assert.deepEqual(namesOf(error).sort(), [
    'FI_CODEC',
    'FI_DURABILITY',
    'FI_LOG_LEVEL',
    'FI_PORT',
    'FI_PROT',
    'FI_SEGMENT_EVENTS',
  ]);
  const text = (error.errors ?? []).map(({ path, message }) => `${path} ${message}`).join('; ');
  assert.match(text, /FI_PORT must be an integer from 0 to 65535/);
  assert.match(text, /FI_PROT is not a setting; there are FI_HOST, /);
  assert.match(text, /FI_CODEC must be a codec: none, gzip:1 to gzip:9/);
  assert.doesNotMatch(text, /hunter2|maybe|\n/);
});

test('names the flag when the flag is wrong', () => {
  assert.deepEqual(namesOf(refusal({ FI_DATA_DIR: '/env' }, { dataDir: '' })), ['--data-dir']);
});

for (const port of ['-1', '65536', '70 ', ' 70', '0x50', '7.5', '+7', '', '007', '1e3', 'NaN']) {
  test(`refuses "${port}" as a port`, () => {
    assert.deepEqual(namesOf(refusal({ FI_PORT: port })), ['FI_PORT']);
  });
}

test('listens on this machine only, unless whoever comes must show who it is', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) {
    assert.equal(loadSettings({ env: { FI_HOST: host }, parseCodec }).host, host);
  }
  for (const host of ['0.0.0.0', '::', '192.168.1.4', 'example.org', '127.0.0.1.example.org']) {
    const { errors } = refusal({ FI_HOST: host });
    assert.deepEqual(
      errors?.map(({ path }) => path),
      ['FI_HOST'],
    );
    assert.match(errors?.[0]?.message ?? '', /loopback address .* while FI_AUTH=off/);
    assert.equal(loadSettings({ env: { FI_HOST: host, FI_AUTH: 'keys' }, parseCodec }).host, host);
  }
  for (const host of ['', 'http://127.0.0.1', '127.0.0.1:7001', 'a b']) {
    assert.deepEqual(namesOf(refusal({ FI_HOST: host, FI_AUTH: 'keys' })), ['FI_HOST']);
  }
});

test('asks for what tokens are judged by, all at once', () => {
  assert.deepEqual(namesOf(refusal({ FI_AUTH: 'jwt', FI_JWT_AUDIENCE: 'clinic' })), [
    'FI_JWT_ISSUER',
    'FI_JWT_JWKS_FILE',
  ]);
  assert.deepEqual(namesOf(refusal({ FI_AUTH: 'JWT', FI_HOST: '0.0.0.0' })), ['FI_AUTH']);
});

test('takes names and origins as lists, and no wildcard', () => {
  const env = { FI_ALLOWED_HOSTS: 'Clinic.example, b', FI_CORS_ORIGINS: 'https://a.example,http://b:3000' };
  const { allowedHosts, corsOrigins } = loadSettings({ env, parseCodec });
  assert.deepEqual(allowedHosts, ['clinic.example', 'b']);
  assert.deepEqual(corsOrigins, ['https://a.example', 'http://b:3000']);
  for (const text of [
    '*',
    '',
    'null',
    'a.example',
    'https://a.example/',
    'https://a.example:443',
    'file://a',
  ]) {
    assert.deepEqual(namesOf(refusal({ FI_CORS_ORIGINS: text })), ['FI_CORS_ORIGINS'], text);
  }
  for (const text of ['*', '', 'a.example:80', 'https://a.example', 'a,,b']) {
    assert.deepEqual(namesOf(refusal({ FI_ALLOWED_HOSTS: text })), ['FI_ALLOWED_HOSTS'], text);
  }
});

test('lists every setting in its help and in the documentation', async () => {
  const help = settingsHelp();
  for (const key of SETTING_KEYS) {
    assert.ok(help.includes(SETTINGS[key].name) && help.includes(flagOf(key)), key);
    const { read, defaultText } = SETTINGS[key];
    assert.notEqual(read(defaultText, { parseCodec }), undefined, `the default of ${key} is allowed`);
  }
  const document = await readFile(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
  // A formatter may pad the cells.
  const bare = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-');
  assert.ok(bare(document).includes(bare(settingsMarkdown())), `it has this table:\n${settingsMarkdown()}`);
});
