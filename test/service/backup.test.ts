/** The documented backup, taken while clients write: what was acknowledged before it began is in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Acknowledged, Clinic } from '../../src/cli/torture/clinic.js';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { startProgram } from '../support/program.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventsOver } from './over-http.js';
import { runningService } from './running-service.js';

const BACKUP = fileURLToPath(new URL('../../../docs/examples/backup.sh', import.meta.url));
const CLIENTS = 4;
const ROUNDS = 2;
/** Small segments, so that journals are sealed and deleted while they are copied. */
const SERVICE_ENV = { FI_SEGMENT_EVENTS: '60' };

interface Before {
  id: string;
  events: readonly Acknowledged[];
}

/** A service that is started on a copy has these events. */
async function holds(copy: string, before: readonly Before[]): Promise<void> {
  const restored = await ServiceProcess.start(copy, SERVICE_ENV);
  try {
    for (const { id, events } of before.filter(({ events }) => events.length > 0)) {
      const stored = new Map((await eventsOver(restored.url, id)).map((one) => [one.event_id, one.hash]));
      for (const { event_id, hash } of events) assert.equal(stored.get(event_id), hash);
    }
  } finally {
    await restored.end('SIGKILL');
  }
}

describe('a backup by docs/examples/backup.sh', () => {
  it('has every event that was acknowledged before it began, verifies, and starts', async (t) => {
    const { directory, service } = await runningService(t, SERVICE_ENV);
    const clinic = new Clinic();
    const stop = new AbortController();
    const playing = Promise.all(
      Array.from({ length: CLIENTS }, (_, seed) => clinic.play(service.url, seed, stop.signal)),
    );
    const copy = join(await temporaryDirectory(t), 'copy');
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.race([playing, clinic.acknowledged.further(150)]);
      const before = clinic.consultations.map(({ id, acknowledged }) => ({ id, events: [...acknowledged] }));
      await promisify(execFile)('sh', [BACKUP, directory, copy]);

      const verify = await startProgram(t, ['verify', '--data-dir', copy]).finished;
      assert.equal(verify.exitCode, 0, `${verify.stdout}${verify.stderr}`);
      await holds(copy, before);
      // A copy that was started is a store of its own now.
      await rm(copy, { recursive: true });
    }
    stop.abort();
    await playing;
  });

  it('is brought up to date by running it again, without copying what is there', async (t) => {
    const { directory, service } = await runningService(t, SERVICE_ENV);
    const clinic = new Clinic();
    const stop = new AbortController();
    const playing = clinic.play(service.url, 1, stop.signal);
    const copy = await temporaryDirectory(t);
    await Promise.race([playing, clinic.acknowledged.further(200)]);
    const file = join('segments', 'segment-0000000000000001.h5');
    // Sealing comes after appending, some time.
    while (!existsSync(join(directory, file))) {
      await Promise.race([playing, clinic.acknowledged.further(10)]);
    }
    await promisify(execFile)('sh', [BACKUP, directory, copy]);
    const segment = join(copy, file);
    const { ino } = await stat(segment);
    await Promise.race([playing, clinic.acknowledged.further(200)]);
    await promisify(execFile)('sh', [BACKUP, directory, copy]);
    assert.equal((await stat(segment)).ino, ino, 'a sealed segment is copied once');
    stop.abort();
    await playing;
    const verify = await startProgram(t, ['verify', '--data-dir', copy]).finished;
    assert.equal(verify.exitCode, 0, `${verify.stdout}${verify.stderr}`);
    assert.match((await startProgram(t, ['export', '--data-dir', copy]).finished).stdout, /"sequence":400,/);
  });

  it('names what it cannot copy', async (t) => {
    const directory = await temporaryDirectory(t);
    const copy = join(directory, 'copy');
    await assert.rejects(promisify(execFile)('sh', [BACKUP, directory, copy]), {
      stderr: `backup.sh: ${directory}: there is no store here\n`,
    });
    await mkdir(join(directory, 'journal'));
    await writeFile(join(directory, 'journal', '0000000000000001.journal'), '');
    await writeFile(copy, 'in the way');
    await assert.rejects(promisify(execFile)('sh', [BACKUP, directory, copy]));
  });
});
