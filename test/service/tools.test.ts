/** The commands that read, on the directory of a running service that writes, seals and deletes meanwhile. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { Clinic } from '../../src/cli/torture/clinic.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { PROGRAM, startProgram } from '../support/program.js';
import { runningService } from './running-service.js';

const CLIENTS = 4;
const SERVICE_ENV = { FI_SEGMENT_EVENTS: '150' };

const eventsOf = (ndjson: string): ConsultationEvent[] =>
  ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ConsultationEvent);

/** Gapless from the first one, and each acknowledged event among them with its hash. */
function check(events: readonly ConsultationEvent[], first: number, acknowledged: Map<string, string>): void {
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => first + index),
  );
  const hashes = new Map(events.map(({ event_id, hash }) => [event_id, hash]));
  for (const [id, hash] of acknowledged) assert.equal(hashes.get(id), hash, `event ${id}`);
}

const acknowledgedBy = (clinic: Clinic): Map<string, string> =>
  new Map(
    clinic.consultations.flatMap(({ acknowledged }) => acknowledged.map((one) => [one.event_id, one.hash])),
  );

describe('the commands that read, beside a running service', () => {
  it('export, inspect and tail see every event that was acknowledged', async (t) => {
    const { directory, service } = await runningService(t, SERVICE_ENV);
    const clinic = new Clinic();
    const stop = new AbortController();
    const playing = Promise.all(
      Array.from({ length: CLIENTS }, (_, seed) => clinic.play(service.url, seed, stop.signal)),
    );
    await Promise.race([playing, clinic.acknowledged.further(100)]);

    const tail = startProgram(t, ['tail', '--from', '1', '--data-dir', directory]);
    await tail.shown('"sequence":1,');
    // While these run the service fills and seals segment after segment.
    for (let round = 0; round < 3; round += 1) {
      const before = acknowledgedBy(clinic);
      const run = await startProgram(t, ['export', '--data-dir', directory]).finished;
      assert.equal(run.exitCode, 0, run.stderr);
      check(eventsOf(run.stdout), 1, before);
      await Promise.race([playing, clinic.acknowledged.further(200)]);
    }
    const inspect = await startProgram(t, ['inspect', '--json', '--data-dir', directory]).finished;
    assert.equal(inspect.exitCode, 0, inspect.stderr);
    const { segments, totals } = JSON.parse(inspect.stdout) as {
      segments: unknown[];
      totals: { events: number };
    };
    assert.ok(segments.length > 2 && totals.events > 700);

    stop.abort();
    await playing;
    // What a new consultation begins with is the last event, so the tail has all once it shows that one.
    const id = await lastConsultation(service.url);
    await tail.shown(`"consultation_id":"${id}"`);
    tail.child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await tail.finished;
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    check(eventsOf(stdout), 1, acknowledgedBy(clinic));
  });

  it('tail begins with the next event unless it is told otherwise', async (t) => {
    const { directory, service } = await runningService(t);
    const first = await lastConsultation(service.url);
    const all = startProgram(t, ['tail', '--from', '1', '--data-dir', directory]);
    await all.shown(`"consultation_id":"${first}"`);
    all.child.kill('SIGTERM');
    assert.equal((await all.finished).exitCode, 0);

    const news = startProgram(t, ['tail', '--data-dir', directory]);
    // It says nothing until it has seen where the store ends, so events are sent until one is shown.
    let isShown = false;
    const showing = news.shown('"sequence":').then(() => {
      isShown = true;
    });
    const ids = new Set<string>();
    while (!isShown) ids.add(await lastConsultation(service.url));
    await showing;
    assert.match(news.stdout(), new RegExp([...ids].join('|')));
    assert.ok(!news.stdout().includes(first));
    news.child.kill('SIGINT');
    await news.finished;
  });

  it('export ends quietly when its reader has gone', async (t) => {
    const { directory, service } = await runningService(t, SERVICE_ENV);
    const clinic = new Clinic();
    const stop = new AbortController();
    const playing = clinic.play(service.url, 1, stop.signal);
    await clinic.acknowledged.further(400);
    stop.abort();
    await playing;
    const pipe = '"$0" "$1" export --data-dir "$2" | head -n 1; exit 0';
    const shell = spawn('sh', ['-c', pipe, process.execPath, PROGRAM, directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
    assert.equal(stderr, '');
    assert.equal(eventsOf(stdout)[0]?.sequence, 1);
  });
});

/** Starts a consultation and gives its id. */
async function lastConsultation(url: string): Promise<string> {
  const response = await fetch(`${url}/consultations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 'dr-lopez' }),
  });
  return ((await response.json()) as { consultation_id: string }).consultation_id;
}
