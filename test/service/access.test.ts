/** Access and the audit trail on the real service: keys over HTTP, kill -9, and what verify says of it. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { startProgram } from '../support/program.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { runningService } from './running-service.js';

const SERVICE_ENV = { FI_AUTH: 'keys' };
const POLL_MS = 20;

interface Entry {
  number: number;
  subject: string | null;
  action: string;
  count: number;
  outcome: string;
}

async function makeKey(t: TestContext, dataDir: string, subject: string, role: string): Promise<string> {
  const args = ['keys', 'add', '--subject', subject, '--role', role, '--data-dir', dataDir];
  const { exitCode, stdout, stderr } = await startProgram(t, args).finished;
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

function request(url: string, key: string | undefined, path: string, body?: object): Promise<Response> {
  const credentials = key === undefined ? {} : { authorization: `Bearer ${key}` };
  if (body === undefined) return fetch(url + path, { headers: credentials });
  const headers = { 'content-type': 'application/json', ...credentials };
  return fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Asks until the answer has this status: the service takes a change of the keys in within a second. */
async function untilStatus(url: string, key: string, status: number): Promise<void> {
  for (;;) {
    const response = await request(url, key, '/consultations?user_id=dr-lopez');
    await response.arrayBuffer();
    if (response.status === status) return;
    await delay(POLL_MS);
  }
}

async function auditOf(url: string, key: string, query = ''): Promise<Entry[]> {
  const response = await request(url, key, `/audit?limit=1000${query}`);
  assert.equal(response.status, 200);
  return ((await response.json()) as { entries: Entry[] }).entries;
}

/** Asks until the trail has so many appends: it is at most about a second behind. */
async function untilAppends(url: string, key: string, count: number): Promise<Entry[]> {
  for (;;) {
    const entries = (await auditOf(url, key)).filter(({ action }) => action === 'append');
    if (entries.reduce((sum, entry) => sum + entry.count, 0) >= count) return entries;
    await delay(POLL_MS);
  }
}

const verify = (t: TestContext, directory: string) =>
  startProgram(t, ['verify', '--data-dir', directory]).finished;

describe('the service with access', () => {
  it('does not start where others reach it and nobody is asked who he is', async (t) => {
    const directory = await temporaryDirectory(t);
    await assert.rejects(
      ServiceProcess.start(directory, { FI_HOST: '0.0.0.0' }),
      /INVALID_SETTINGS: .*FI_HOST must be a loopback address .* while FI_AUTH=off/,
    );
    await assert.rejects(ServiceProcess.start(directory, { FI_AUTH: 'jwt' }), /FI_JWT_ISSUER must be given/);
    await writeFile(join(directory, 'keys.json'), '{}');
    await assert.rejects(
      ServiceProcess.start(directory, SERVICE_ENV),
      /: fi-consult serve: CREDENTIAL_FILE_DAMAGED: keys\.json is damaged: [^\n]*$/,
    );
  });

  it('takes a key that is made while it runs, and refuses it once it is revoked', async (t) => {
    const { directory, service } = await runningService(t, SERVICE_ENV);
    assert.equal((await request(service.url, undefined, '/consultations?user_id=dr-lopez')).status, 401);
    assert.equal((await request(service.url, undefined, '/health/ready')).status, 200);
    const key = await makeKey(t, directory, 'dr-lopez', 'clinician');
    await untilStatus(service.url, key, 200);
    const id = key.split('_')[1] as string;
    const revoked = await startProgram(t, ['keys', 'revoke', id, '--data-dir', directory]).finished;
    assert.equal(revoked.exitCode, 0, revoked.stderr);
    await untilStatus(service.url, key, 401);
  });

  it('keeps of its trail what was durable through kill -9, and all of it through a stop', async (t) => {
    const running = await runningService(t, SERVICE_ENV);
    const { directory } = running;
    const clinician = await makeKey(t, directory, 'dr-lopez', 'clinician');
    const auditor = await makeKey(t, directory, 'eve', 'auditor');
    await untilStatus(running.service.url, clinician, 200);
    await untilStatus(running.service.url, auditor, 200);

    let seen: Entry[] = [];
    let appends = 0;
    for (let round = 0; round < 3; round += 1) {
      const { url } = running.service;
      const created = await request(url, clinician, '/consultations', { user_id: 'dr-lopez' });
      const { consultation_id: id } = (await created.json()) as { consultation_id: string };
      const append = async (): Promise<void> => {
        const payload = { message_content: 'hello', message_role: 'user' };
        const event = { event_type: 'MESSAGE_RECEIVED', payload, user_id: 'dr-lopez' };
        const response = await request(url, clinician, `/consultations/${id}/events`, event);
        await response.arrayBuffer();
        assert.equal(response.status, 201);
        appends += 1;
      };
      for (let count = 0; count < 20; count += 1) await append();
      const isKilled = round < 2;
      if (isKilled) {
        seen = await untilAppends(url, auditor, appends);
        // What comes now may be lost, and does not count.
        const durable = appends;
        await append();
        appends = durable;
      }
      await running.service.end(isKilled ? 'SIGKILL' : 'SIGTERM');
      running.service = await ServiceProcess.start(directory, SERVICE_ENV);
      const after = await auditOf(running.service.url, auditor);
      for (const entry of seen)
        assert.deepEqual(
          after.find(({ number }) => number === entry.number),
          entry,
        );
      assert.deepEqual(
        after.map(({ number }) => number),
        after.map((_, index) => index + 1),
      );
      const recorded = after
        .filter(({ action }) => action === 'append')
        .reduce((sum, { count }) => sum + count, 0);
      assert.ok(recorded >= appends, `${recorded} of ${appends} appends are in the trail`);
      appends = recorded;
    }
    await running.service.end('SIGTERM');

    const sound = await verify(t, directory);
    assert.equal(sound.exitCode, 0, sound.stderr);
    const [, head] = / audit entries, audit head (\d+:[0-9a-f]{64})\n$/.exec(sound.stdout) ?? [];
    assert.ok(head, sound.stdout);
    const args = ['verify', '--data-dir', directory, '--expect-audit', head];
    assert.equal((await startProgram(t, args).finished).exitCode, 0);

    const [name] = await readdir(join(directory, 'audit'));
    const path = join(directory, 'audit', name as string);
    const whole = await readFile(path);
    const bytes = Buffer.from(whole);
    bytes[200] = (bytes[200] as number) ^ 1;
    await writeFile(path, bytes);
    const flipped = await verify(t, directory);
    assert.equal(flipped.exitCode, 1);
    assert.match(
      flipped.stdout,
      /^audit\/0000000000000001\.audit, offset 0: the line is not what was written$/m,
    );
    const lines = whole.toString().split('\n');
    await writeFile(path, lines.toSpliced(1, 1).join('\n'));
    const removed = await verify(t, directory);
    assert.equal(removed.exitCode, 1);
    assert.match(removed.stdout, /^audit\/0000000000000001\.audit, offset \d+: the line does not follow/m);
  });
});
