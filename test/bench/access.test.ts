import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROGRAM = fileURLToPath(new URL('../../bench/access.bench.js', import.meta.url));

test('measures appends with every kind of access on real services', async () => {
  const args = ['--connections', '4', '--consultations', '8', '--seconds', '0.2', '--rounds', '1'];
  const env = { PATH: process.env.PATH };
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], { env });
  for (const mode of ['off', 'keys', 'jwt']) {
    assert.match(stdout, new RegExp(`^FI_AUTH=${mode} +[1-9]\\d* appends/s`, 'm'));
  }
});
