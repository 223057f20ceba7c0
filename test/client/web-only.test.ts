/** What is shipped of the client: plain modules that import one another only, and run on what browsers have. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { served } from '../support/served-app.js';

const CLIENT = new URL('../../src/client/', import.meta.url);
const RUNNER = fileURLToPath(new URL('./web-runner.js', import.meta.url));

it('imports nothing but its own files', async () => {
  const files = (await readdir(CLIENT)).filter((name) => name.endsWith('.js'));
  assert.ok(files.length > 5);
  for (const file of files) {
    const text = await readFile(new URL(file, CLIENT), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from|import)[\s(]*['"]([^'"]+)['"]/g)) {
      assert.match(specifier, /^\.\//, file);
      assert.ok(files.includes(specifier.slice(2)), `${file} imports ${specifier}`);
    }
    assert.doesNotMatch(text, /\b(process|Buffer|require|setImmediate|globalThis)\b[.(]/, file);
  }
});

it('works with the globals of browsers alone', async (t) => {
  const { server } = await served(t);
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--experimental-vm-modules',
    '--no-warnings',
    RUNNER,
    `http://127.0.0.1:${server.port}`,
    new URL('client.js', CLIENT).href,
  ]);
  assert.deepEqual(JSON.parse(stdout), {
    versions: [1, 2, 3, 4, 5, 6],
    code: 'WRONG_EXPECTED_VERSION',
    messages: 5,
    valid: true,
    hash: createHash('sha256').update('{"plan":"rest"}').digest('hex'),
    node: [],
  });
});

it('is what a program finds that imports fi-consult/client', async () => {
  const { createClient } = (await import('fi-consult/client' as string)) as { createClient: unknown };
  assert.equal(typeof createClient, 'function');
});
