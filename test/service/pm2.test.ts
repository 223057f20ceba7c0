/** The service as pm2.config.cjs runs it, under a pm2 daemon of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventsOver } from './over-http.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WORKERS = 2;
const CLIENTS = 8;

function pm2Program(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('pm2/bin/pm2');
  } catch {
    return undefined;
  }
}

const program = pm2Program();
const skip = program === undefined && 'pm2 is not installed (a development dependency)';

interface Listed {
  name: string;
  pid: number;
  pm2_env: { status: string; pm_out_log_path: string };
}

describe('the service under pm2', { skip }, () => {
  let directory = '';
  let url = '';

  async function pm2(...args: string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      HOME: directory,
      PM2_HOME: join(directory, 'pm2'),
      PM2_DISABLE_VERSION_CHECK: 'true',
      FI_DATA_DIR: join(directory, 'data'),
      FI_PORT: '0',
      FI_WORKERS: String(WORKERS),
    };
    const { stdout } = await promisify(execFile)(process.execPath, [program as string, ...args], {
      env,
      cwd: ROOT,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  async function processes(name: string): Promise<Listed[]> {
    const all = JSON.parse(await pm2('jlist', '--silent')) as Listed[];
    return all.filter((one) => one.name === name);
  }

  /** Resolves once all workers, and nobody else, are connected to a store that takes events. */
  async function whole(): Promise<void> {
    for (;;) {
      const text = await fetch(`${url}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
      if (text.includes(`fi_workers ${WORKERS}\n`)) return;
      await delay(20);
    }
  }

  before(async () => {
    directory = await temporaryDirectory();
    await pm2('start', 'pm2.config.cjs');
    const [worker] = await processes('api');
    const log = await readFile((worker as Listed).pm2_env.pm_out_log_path, 'utf8');
    url = /http:\/\/[0-9.:]+/.exec(log)?.[0] ?? '';
  });

  after(async () => {
    if (skip !== false) return;
    await pm2('kill');
    await rm(directory, { recursive: true });
  });

  const post = (path: string, body: unknown) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  async function start(): Promise<string> {
    const answer = await post('/consultations', { user_id: 'dr-lopez' });
    return ((await answer.json()) as { consultation_id: string }).consultation_id;
  }

  const say = (id: string, text: string) =>
    post(`/consultations/${id}/events`, {
      event_type: 'MESSAGE_RECEIVED',
      user_id: 'dr-lopez',
      payload: { message_content: text, message_role: 'user' },
    });

  it('answers on one port, whichever worker is asked', async () => {
    assert.equal((await processes('store')).length, 1);
    assert.equal((await processes('api')).length, WORKERS);
    await whole();
    const id = await start();
    assert.deepEqual(
      await Promise.all(Array.from({ length: 20 }, async (_, i) => (await say(id, `${i}`)).status)),
      Array.from({ length: 20 }, () => 201),
    );
    assert.equal((await eventsOver(url, id)).length, 21);
  });

  it('drops no request while its workers are reloaded', async (t) => {
    const before = await processes('api');
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      const id = await start();
      let sent = 0;
      while (!isOver) {
        const { status } = await say(id, `${client} ${sent}`);
        assert.equal(status, 201);
        sent += 1;
      }
      assert.equal((await eventsOver(url, id)).length, 1 + sent);
      return sent;
    });
    await pm2('reload', 'api');
    isOver = true;
    const sent = await Promise.all(clients);
    const known = new Set(before.map(({ pid }) => pid));
    const fresh = (await processes('api')).filter(({ pid }) => !known.has(pid));
    assert.equal(fresh.length, WORKERS);
    t.diagnostic(`${sent.reduce((sum, count) => sum + count, 0)} requests answered during the reload`);
  });

  it('starts again whatever is killed, and goes on', async () => {
    const id = await start();
    for (const name of ['api', 'store']) {
      const [victim] = await processes(name);
      process.kill((victim as Listed).pid, 'SIGKILL');
      await whole();
      while ((await processes(name)).some(({ pid }) => pid === victim?.pid)) await delay(20);
      await whole();
      assert.equal((await say(id, name)).status, 201);
    }
    assert.equal((await eventsOver(url, id)).length, 3);
  });
});
