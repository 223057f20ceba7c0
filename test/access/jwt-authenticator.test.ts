/** Tokens that jose and node:crypto make, good and bad, against keys in a file. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SignJWT } from 'jose';
import { openJwtAuthenticator } from '../../src/access/jwt-authenticator.js';
import { CodedError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const NOW_MS = Date.parse('2026-03-01T08:00:00.000Z');
const NOW = NOW_MS / 1000;
const POLL_MS = 5;
const PAIRS = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
} as const;
type Algorithm = keyof typeof PAIRS;

const CLAIMS = {
  iss: 'https://id.clinic.example',
  aud: 'fi-consult',
  sub: 'dr-lopez',
  role: 'clinician',
  exp: NOW + 600,
};

const jwk = (key: KeyObject, kid: string, alg: string) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
});
const keySet = (algorithms: readonly Algorithm[]): string =>
  JSON.stringify({ keys: algorithms.map((alg) => jwk(PAIRS[alg].publicKey, alg, alg)) });
const ALL: readonly Algorithm[] = ['RS256', 'ES256', 'EdDSA'];

function token(claims: Record<string, unknown> = {}, alg: Algorithm = 'ES256'): Promise<string> {
  const payload = { ...CLAIMS, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg, kid: alg }).sign(PAIRS[alg].privateKey);
}

/** A token that jose would not make, signed all the same. */
function signed(header: object): string {
  const text = `${part(header)}.${part(CLAIMS)}`;
  const key = { key: PAIRS.ES256.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function open(
  t: TestContext,
  { keys = keySet(ALL), ...changes }: Record<string, unknown> & { keys?: string } = {},
) {
  const jwksFile = join(await temporaryDirectory(t), 'jwks.json');
  await writeFile(jwksFile, keys);
  const problems: unknown[] = [];
  let nowMs = NOW_MS;
  const authenticator = await openJwtAuthenticator({
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud,
    jwksFile,
    subjectClaim: 'sub',
    roleClaim: 'role',
    onProblem: (problem) => problems.push(problem),
    pollMs: POLL_MS,
    nowMs: () => nowMs,
    ...changes,
  });
  t.after(() => authenticator.close());
  const whoIs = async (text: string): Promise<string> => {
    try {
      const { subject, role, credential } = await authenticator.authenticate(`Bearer ${text}`);
      return `${subject} ${role} ${credential}`;
    } catch (error) {
      assert.ok(error instanceof CodedError, String(error));
      return error.code;
    }
  };
  const later = (seconds: number): void => {
    nowMs += seconds * 1000;
  };
  return { authenticator, whoIs, later, jwksFile, problems };
}

describe('tokens', () => {
  it('say who sends them, signed by RS256, ES256 and EdDSA', async (t) => {
    const { whoIs } = await open(t);
    for (const alg of ALL) assert.equal(await whoIs(await token({}, alg)), 'dr-lopez clinician jwt', alg);
  });

  it('are refused unless issuer, audience, times and signature all fit', async (t) => {
    const { whoIs } = await open(t);
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const foreign = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'ES256', kid: 'ES256' })
      .sign(stranger.privateKey);
    const good = await token();
    const [head, body, signature] = good.split('.') as [string, string, string];
    const late = limits.tokenClockToleranceSeconds + 1;
    const bad: Record<string, string> = {
      'another issuer': await token({ iss: 'https://evil.example' }),
      'no issuer': await token({ iss: undefined }),
      'another audience': await token({ aud: 'other' }),
      'no audience': await token({ aud: undefined }),
      expired: await token({ exp: NOW - late }),
      'no expiry': await token({ exp: undefined }),
      'not valid yet': await token({ nbf: NOW + late }),
      'a key that is not in the file': foreign,
      'other claims under the same signature': [head, part({ ...CLAIMS, role: 'admin' }), signature].join(
        '.',
      ),
      'no signature': [head, body, ''].join('.'),
      'a critical extension that nobody knows': signed({ alg: 'ES256', kid: 'ES256', crit: ['x'], x: 1 }),
      'no token': 'abc',
      'two parts': `${head}.${body}`,
    };
    for (const [what, text] of Object.entries(bad))
      assert.equal(await whoIs(text), 'CREDENTIALS_REFUSED', what);
    assert.equal(await whoIs(signed({ alg: 'ES256', kid: 'ES256' })), 'dr-lopez clinician jwt');
    assert.equal(await whoIs(await token({ aud: ['other', CLAIMS.aud] })), 'dr-lopez clinician jwt');
    assert.equal(
      await whoIs(await token({ exp: NOW - 1, nbf: NOW + 1 })),
      'dr-lopez clinician jwt',
      'clocks differ a little',
    );
  });

  it('are never taken without a signature, or with the public key as a shared secret', async (t) => {
    const { whoIs } = await open(t);
    for (const alg of ['none', 'None', 'NONE']) {
      assert.equal(await whoIs(`${part({ alg })}.${part(CLAIMS)}.`), 'CREDENTIALS_REFUSED', alg);
    }
    const pem = PAIRS.RS256.publicKey.export({ format: 'pem', type: 'spki' });
    const der = PAIRS.RS256.publicKey.export({ format: 'der', type: 'spki' });
    for (const secret of [pem, der, JSON.stringify(jwk(PAIRS.RS256.publicKey, 'RS256', 'RS256'))]) {
      for (const kid of ['RS256', undefined]) {
        const signed = `${part({ alg: 'HS256', kid })}.${part(CLAIMS)}`;
        const mac = createHmac('sha256', secret).update(signed).digest('base64url');
        assert.equal(await whoIs(`${signed}.${mac}`), 'CREDENTIALS_REFUSED');
      }
    }
  });

  it('must name one subject and exactly one role', async (t) => {
    const { whoIs } = await open(t);
    assert.equal(await whoIs(await token({ role: ['nurse', 'auditor'] })), 'dr-lopez auditor jwt');
    const roles = [undefined, 'nurse', 'Admin', [], ['admin', 'clinician'], { role: 'admin' }, null];
    for (const role of roles)
      assert.equal(await whoIs(await token({ role })), 'CREDENTIALS_REFUSED', JSON.stringify(role));
    for (const sub of [undefined, '', 7, 'x'.repeat(129), 'a\nb']) {
      assert.equal(await whoIs(await token({ sub })), 'CREDENTIALS_REFUSED', String(sub));
    }
  });

  it('are read by the claims that the settings name', async (t) => {
    const { whoIs } = await open(t, {
      subjectClaim: 'preferred_username',
      roleClaim: 'https://clinic.example/roles',
    });
    const claims = { preferred_username: 'dr-ruiz', 'https://clinic.example/roles': ['clinician'] };
    assert.equal(await whoIs(await token(claims)), 'dr-ruiz clinician jwt');
    assert.equal(await whoIs(await token()), 'CREDENTIALS_REFUSED');
  });

  it('are checked once, until they expire', async (t) => {
    const { authenticator, whoIs, later } = await open(t);
    const text = await token();
    assert.ok(authenticator.authenticate(`Bearer ${text}`) instanceof Promise);
    await whoIs(text);
    assert.ok(!(authenticator.authenticate(`Bearer ${text}`) instanceof Promise), 'it is known by now');
    later(600 + limits.tokenClockToleranceSeconds - 1);
    assert.equal(await whoIs(text), 'dr-lopez clinician jwt');
    later(1);
    assert.equal(await whoIs(text), 'CREDENTIALS_REFUSED');
    assert.equal(await whoIs(text), 'CREDENTIALS_REFUSED');
  });

  it('end with their key, and begin with a new one, as the file changes', async (t) => {
    const { whoIs, jwksFile, problems } = await open(t, { keys: keySet(['ES256']) });
    const [old, next] = [await token(), await token({}, 'EdDSA')];
    assert.deepEqual(
      [await whoIs(old), await whoIs(next)],
      ['dr-lopez clinician jwt', 'CREDENTIALS_REFUSED'],
    );
    await writeFile(jwksFile, keySet(['EdDSA']));
    while ((await whoIs(next)) === 'CREDENTIALS_REFUSED')
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    assert.equal(await whoIs(old), 'CREDENTIALS_REFUSED', 'although it was known');
    await rm(jwksFile);
    while (problems.length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    assert.equal(await whoIs(next), 'dr-lopez clinician jwt', 'what held before still holds');
  });
});

describe('a file of public keys', () => {
  it('that cannot be used stops the start with one clear line', async (t) => {
    const secret = { keys: [{ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }] };
    const own = { keys: [PAIRS.ES256.privateKey.export({ format: 'jwk' })] };
    for (const [keys, what] of [
      ['', /it is no JSON/],
      ['[]', /it has no "keys"/],
      ['{"keys":[]}', /it has no "keys"/],
      [JSON.stringify(secret), /none of RSA, EC and OKP/],
      [JSON.stringify(own), /a private one/],
    ] as const) {
      await assert.rejects(open(t, { keys }), (error) => {
        assert.ok(error instanceof CodedError && error.code === 'CREDENTIAL_FILE_DAMAGED');
        assert.match(error.message, what);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
    const missing = join(await temporaryDirectory(t), 'none.json');
    await assert.rejects(open(t, { jwksFile: missing }), /FI_JWT_JWKS_FILE is missing/);
  });
});
