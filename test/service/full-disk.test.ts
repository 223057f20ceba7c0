/** A disk that is really full, under the real service. Needs the right to mount a file system in memory. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { getJson } from './over-http.js';

const SIZE_BYTES = 24 * 1024 * 1024;
const FILLER_STEP_BYTES = 64 * 1024;

async function smallDisk(t: TestContext): Promise<string | undefined> {
  const directory = await temporaryDirectory();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES}`, 'tmpfs', directory]);
  t.after(async () => {
    // Lazily: the service may still be running when this hook is.
    if (mounted.status === 0) spawnSync('umount', ['-l', directory]);
    await rm(directory, { recursive: true, force: true });
  });
  return mounted.status === 0 ? directory : undefined;
}

/** Writes until nothing more fits. */
async function fill(path: string): Promise<void> {
  const step = Buffer.alloc(FILLER_STEP_BYTES, 1);
  for (;;) {
    try {
      await writeFile(path, step, { flag: 'a' });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      return;
    }
  }
}

describe('on a full disk', () => {
  it('the service refuses appends, answers reads, loses nothing, and goes on once there is room', async (t) => {
    const directory = await smallDisk(t);
    if (directory === undefined) {
      t.skip('no right to mount a file system of its own');
      return;
    }
    const dataDir = join(directory, 'data');
    const filler = join(directory, 'filler');
    const service = await ServiceProcess.start(dataDir, { FI_MIRROR_MS: '50' });
    t.after(() => service.end('SIGKILL'));
    const post = (path: string, body: object) =>
      fetch(service.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const created = await post('/consultations', { user_id: 'dr' });
    const { consultation_id: id } = (await created.json()) as { consultation_id: string };
    const say = (index: number) =>
      post(`/consultations/${id}/events`, {
        event_type: 'MESSAGE_RECEIVED',
        user_id: 'dr',
        payload: { message_role: 'user', message_content: `${index} ${'x'.repeat(2000)}` },
      });
    let acknowledged = 0;
    let refused = 0;
    const sayAndCount = async (): Promise<number> => {
      const { status } = await say(acknowledged);
      if (status === 201) acknowledged += 1;
      return status;
    };
    while (acknowledged < 50) await sayAndCount();
    await fill(filler);
    // The page that the journal is in may still have room for a few.
    while (refused < 50) {
      const status = await sayAndCount();
      assert.ok(status === 201 || status === 507 || status === 503, `${status}`);
      if (status !== 201) refused += 1;
    }
    const count = async (): Promise<number> => {
      return (await getJson<{ event_count: number }>(service.url, `/consultations/${id}/events?limit=1`))
        .event_count;
    };
    assert.equal(await count(), acknowledged + 1, 'reads go on, and show what was acknowledged');

    await rm(filler);
    while ((await sayAndCount()) !== 201) await delay(100);
    for (let i = 0; i < 50; i += 1) assert.equal(await sayAndCount(), 201);
    assert.equal(await count(), acknowledged + 1);
    assert.equal((await service.end('SIGTERM')).code, 0);

    const again = await ServiceProcess.start(dataDir);
    t.after(() => again.end('SIGKILL'));
    const { event_count } = await getJson<{ event_count: number }>(
      again.url,
      `/consultations/${id}/events?limit=1`,
    );
    assert.equal(event_count, acknowledged + 1);
  });
});
