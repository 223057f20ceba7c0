/** A sync that fails, under the real service: it is not tried again, the service stops, and the next start decides. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventsOver } from './over-http.js';
import { runningService } from './running-service.js';

const FAILING_JOURNAL = new URL('../support/failing-journal.js', import.meta.url).href;

async function post(url: string, path: string, body: object) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

it('a failed sync is not tried again: readiness says so, the service exits with 1, and the next start decides', async (t) => {
  const switches = await temporaryDirectory(t);
  const isFailing = join(switches, 'failing');
  const env = { NODE_OPTIONS: `--import=${FAILING_JOURNAL}`, JOURNAL_FAILS_WHEN: isFailing };
  const running = await runningService(t, env);
  const { directory, service } = running;
  const created = await post(service.url, '/consultations', { user_id: 'dr' });
  const id = String(created.body.consultation_id);
  const event = {
    event_type: 'MESSAGE_RECEIVED',
    user_id: 'dr',
    event_id: uuidV7Generator()(Date.now()),
    payload: { message_role: 'user', message_content: 'me duele' },
  };
  await writeFile(isFailing, '');
  const refused = await post(service.url, `/consultations/${id}/events`, event);
  assert.deepEqual([refused.status, refused.body.code], [503, 'LOG_UNAVAILABLE']);
  const [ready, read, again] = await Promise.all([
    fetch(`${service.url}/health/ready`),
    eventsOver(service.url, id),
    post(service.url, `/consultations/${id}/events`, event),
  ]);
  const { code, detail } = (await ready.json()) as { code: string; detail: string };
  assert.deepEqual([ready.status, code], [503, 'NOT_READY']);
  assert.match(detail, /could not be written to stable storage/);
  assert.equal(read.length, 1, 'what is not durable is not shown');
  assert.equal(again.body.code, 'LOG_UNAVAILABLE');

  const exit = await service.exited;
  assert.equal(exit.code, 1);
  assert.match(exit.stderr, /^fi-consult serve: The log could not be written to stable storage\. [^\n]*\n$/);
  assert.equal((await readFile(isFailing, 'utf8')).length, 1, 'one write failed and no other was tried');

  await rm(isFailing);
  running.service = await ServiceProcess.start(directory);
  const next = running.service;
  const stored = await eventsOver(next.url, id);
  assert.deepEqual(
    stored.map(({ version }) => version),
    [1, 2],
    'the write had reached the file, so the next start has made it durable',
  );
  const answer = await post(next.url, `/consultations/${id}/events`, event);
  assert.deepEqual([answer.status, answer.body.hash], [201, stored[1]?.hash]);
  assert.equal((await eventsOver(next.url, id)).length, 2, 'sent again it is there once');
});
