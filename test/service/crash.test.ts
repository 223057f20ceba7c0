/** The promise itself, on the real service: what was answered with 201 survives kill -9. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSequences } from '../../src/cli/torture/check-store.js';
import { Clinic, type Consultation } from '../../src/cli/torture/clinic.js';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { checkAll, eventsOver, getJson } from './over-http.js';
import { runningService } from './running-service.js';

const ROUNDS = Number(process.env.FI_TEST_ROUNDS ?? 6);
const CLIENTS = 8;
/** Small segments, so that journals roll and are sealed while the service is killed. */
const SERVICE_ENV = { FI_SEGMENT_EVENTS: '400', FI_MIRROR_MS: '50' };

/** Every acknowledged event is there once, in order and unchanged; what else is there was sent and not answered. */
async function check(url: string, consultations: readonly Consultation[]): Promise<void> {
  const { sequences, findings } = await checkAll(url, consultations);
  checkSequences(sequences, findings);
  assert.deepEqual(findings.texts, []);
}

describe('the service under kill -9', () => {
  it(`keeps every acknowledged event, in order, once, through kills under load`, async (t) => {
    const seed = testSeed(t);
    const random = seededRandom(seed);
    const clinic = new Clinic();
    const running = await runningService(t, SERVICE_ENV);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { service } = running;
      const kill = clinic.acknowledged
        .further(integerBetween(random, 1, 900))
        .then(() => service.end('SIGKILL'));
      const clients = Array.from({ length: CLIENTS }, (_, client) =>
        clinic.play(service.url, seed + round * CLIENTS + client),
      );
      await Promise.all([kill, ...clients]);
      running.service = await ServiceProcess.start(running.directory, SERVICE_ENV);
    }
    await check(running.service.url, clinic.consultations);
    t.diagnostic(`${ROUNDS} kills, ${clinic.acknowledged.count} events acknowledged, 0 lost`);
  });
});

describe('a graceful stop', () => {
  it('answers every request in flight with what is stored, and leaves everything in HDF5', async (t) => {
    const running = await runningService(t, SERVICE_ENV);
    const { service } = running;
    const clinic = new Clinic();
    const stop = clinic.acknowledged.further(300).then(() => service.end('SIGTERM'));
    const clients = Array.from({ length: CLIENTS }, (_, client) => clinic.play(service.url, client));
    const [exit] = await Promise.all([stop, ...clients]);
    assert.equal(exit.code, 0, exit.stderr);

    running.service = await ServiceProcess.start(running.directory, SERVICE_ENV);
    const { url } = running.service;
    await check(url, clinic.consultations);
    for (const { id, isStarted, acknowledged } of clinic.consultations) {
      // Unlike after a kill, what was not answered was not stored.
      assert.equal((await eventsOver(url, id)).length, acknowledged.length + (isStarted ? 1 : 0));
    }
  });

  it('is refused nothing by a second process on the same directory, which does not start', async (t) => {
    const { directory, service } = await runningService(t);
    await assert.rejects(ServiceProcess.start(directory), /DATA_DIR_LOCKED/);
    const { status } = await getJson<{ status: string }>(service.url, '/health/ready');
    assert.equal(status, 'ready');
  });
});
