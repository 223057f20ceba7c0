/** What an analyst sees: h5py on the files of a running and of a stopped service, held against the API's answers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Clinic } from '../../src/cli/torture/clinic.js';
import type { ServiceProcess } from '../../src/cli/torture/service-process.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { readWithPython, withoutPython } from '../segments/python.js';
import { eventsOver } from './over-http.js';
import { runningService } from './running-service.js';

/** How often a reader looks again for what the mirror promises soon. */
const LOOK_AGAIN_MS = 100;

async function everyEvent(url: string, clinic: Clinic): Promise<ConsultationEvent[]> {
  const events = await Promise.all(clinic.consultations.map(({ id }) => eventsOver(url, id)));
  return events.flat().sort((a, b) => a.sequence - b.sequence);
}

/** All events in the directory's HDF5 files, as h5py reads them. */
async function eventsInHdf5(directory: string): Promise<ConsultationEvent[]> {
  const names = await readdir(join(directory, 'segments'));
  return names
    .filter((name) => name.endsWith('.h5'))
    .sort()
    .flatMap((name) => {
      const run = readWithPython(join(directory, 'segments', name));
      assert.equal(run.status, 0, run.stderr);
      return run.events as ConsultationEvent[];
    });
}

/** Plays consultations until a number of events is acknowledged, and lets those in flight finish. */
async function play(service: ServiceProcess, clinic: Clinic, events: number): Promise<void> {
  const enough = clinic.acknowledged.further(events);
  const stop = new AbortController();
  const clients = [1, 2, 3, 4].map((seed) => clinic.play(service.url, seed, stop.signal));
  await enough;
  stop.abort();
  await Promise.all(clients);
}

describe('the HDF5 files of a service', { skip: withoutPython }, () => {
  it('show h5py every committed event while the service runs, and every event after a stop', async (t) => {
    const { directory, service } = await runningService(t, { FI_MIRROR_MS: '100' });
    const clinic = new Clinic();
    await play(service, clinic, 300);
    const expected = await everyEvent(service.url, clinic);
    let live = await eventsInHdf5(directory);
    while (live.length < expected.length) {
      await delay(LOOK_AGAIN_MS);
      live = await eventsInHdf5(directory);
    }
    assert.deepEqual(live, expected);
    assert.equal((await service.end('SIGTERM')).code, 0);
    assert.deepEqual(await eventsInHdf5(directory), expected);
  });

  it('hold every event once, in sealed files and a live one, with the codec that was set', async (t) => {
    const { directory, service } = await runningService(t, { FI_SEGMENT_EVENTS: '200', FI_CODEC: 'gzip:9' });
    const clinic = new Clinic();
    await play(service, clinic, 700);
    const expected = await everyEvent(service.url, clinic);
    const segments = join(directory, 'segments');
    while ((await readdir(segments)).filter((name) => /\d\.h5$/.test(name)).length < 3)
      await delay(LOOK_AGAIN_MS);
    assert.deepEqual(await everyEvent(service.url, clinic), expected, 'sealing changes no answer');
    assert.equal((await service.end('SIGTERM')).code, 0);
    assert.deepEqual(await eventsInHdf5(directory), expected);

    const dump = spawnSync(
      'h5dump',
      ['-p', '-H', '-d', '/events/payload', join(segments, 'segment-0000000000000001.h5')],
      {
        encoding: 'utf8',
      },
    );
    if (dump.status === 0) assert.match(dump.stdout, /COMPRESSION DEFLATE \{ LEVEL 9 \}/);
    else t.diagnostic('h5dump is not installed: the filter was not looked at');
  });
});
