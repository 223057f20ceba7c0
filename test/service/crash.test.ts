/** The promise itself, on the real service: what was answered with 201 survives kill -9. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import { foldEvents } from '../../src/domain/fold.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { Clinic, type Consultation, eventsOver, getJson } from './clinic.js';

const ROUNDS = Number(process.env.FI_TEST_ROUNDS ?? 6);
const CLIENTS = 8;
/** Small segments, so that journals roll and are sealed while the service is killed. */
const SERVICE_ENV = { FI_SEGMENT_EVENTS: '400', FI_MIRROR_MS: '50' };

/** Every acknowledged event is there once, in order and unchanged; what else is there was sent and not answered. */
async function check(url: string, consultation: Consultation): Promise<number[]> {
  const events = await eventsOver(url, consultation.id);
  const versions = events.map(({ version }) => version);
  assert.deepEqual(
    versions,
    versions.map((_, index) => index + 1),
    'versions are gapless',
  );
  const byVersion = new Map(events.map((event) => [event.version, event]));
  for (const {
    event_id,
    event_type,
    payload,
    sequence,
    version,
    timestamp,
    audit_hash,
    hash,
  } of consultation.acknowledged) {
    const stored = byVersion.get(version);
    assert.deepEqual(
      stored && {
        event_id: stored.event_id,
        event_type: stored.event_type,
        payload: stored.payload,
        sequence: stored.sequence,
        timestamp: stored.timestamp,
        audit_hash: stored.audit_hash,
        hash: stored.hash,
      },
      { event_id, event_type, payload, sequence, timestamp, audit_hash, hash },
      `version ${version} of ${consultation.id} is as it was acknowledged`,
    );
  }
  const acknowledged = new Set(consultation.acknowledged.map(({ event_id }) => event_id));
  for (const extra of events.slice(1).filter(({ event_id }) => !acknowledged.has(event_id))) {
    assert.ok(
      consultation.unanswered.has(canonicalJson(extra.payload)),
      'nothing is there that was not sent',
    );
  }
  const { consultation: state } = await getJson<{ consultation: ConsultationState }>(
    url,
    `/consultations/${consultation.id}`,
  );
  assert.deepEqual(state, foldEvents(events).state);
  return events.map(({ sequence }) => sequence);
}

describe('the service under kill -9', () => {
  it(`keeps every acknowledged event, in order, once, through ${ROUNDS} kills under load`, async (t) => {
    const seed = testSeed(t);
    const random = seededRandom(seed);
    const directory = await temporaryDirectory(t);
    const clinic = new Clinic();
    for (let round = 0; round < ROUNDS; round += 1) {
      const service = await ServiceProcess.start(directory, SERVICE_ENV);
      const kill = clinic.acknowledgements(integerBetween(random, 1, 900)).then(() => service.end('SIGKILL'));
      const clients = Array.from({ length: CLIENTS }, (_, client) =>
        clinic.play(service.url, seed + round * CLIENTS + client),
      );
      await Promise.all([kill, ...clients]);
    }
    const service = await ServiceProcess.start(directory, SERVICE_ENV);
    t.after(() => service.end('SIGKILL'));
    const sequences: number[] = [];
    for (const consultation of clinic.consultations) {
      sequences.push(...(await check(service.url, consultation)));
    }
    assert.equal(new Set(sequences).size, sequences.length, 'no sequence was given twice');
    t.diagnostic(`${ROUNDS} kills, ${clinic.acknowledgedEvents} events acknowledged, 0 lost`);
  });
});

describe('a graceful stop', () => {
  it('answers every request in flight with what is stored, and leaves everything in HDF5', async (t) => {
    const directory = await temporaryDirectory(t);
    const clinic = new Clinic();
    const service = await ServiceProcess.start(directory, SERVICE_ENV);
    const stop = clinic.acknowledgements(300).then(() => service.end('SIGTERM'));
    const clients = Array.from({ length: CLIENTS }, (_, client) =>
      clinic.play(service.url, client).catch((error: Error) => assert.match(error.message, /SHUTTING_DOWN/)),
    );
    const [exit] = await Promise.all([stop, ...clients]);
    assert.equal(exit.code, 0, exit.stderr);

    const again = await ServiceProcess.start(directory, SERVICE_ENV);
    t.after(() => again.end('SIGKILL'));
    for (const consultation of clinic.consultations) {
      // Unlike after a kill, what was not answered was not stored.
      const events = await eventsOver(again.url, consultation.id);
      assert.equal(events.length, consultation.acknowledged.length + 1);
      await check(again.url, consultation);
    }
  });

  it('is refused nothing by a second process on the same directory, which does not start', async (t) => {
    const directory = await temporaryDirectory(t);
    const owner = await ServiceProcess.start(directory);
    t.after(() => owner.end('SIGKILL'));
    await assert.rejects(ServiceProcess.start(directory), /DATA_DIR_LOCKED/);
    const { status } = await getJson<{ status: string }>(owner.url, '/health/ready');
    assert.equal(status, 'ready');
  });
});
