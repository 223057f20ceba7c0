/** CloudEvents, read by the project's own SDK. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { eventOfLink } from '../../src/domain/stored-event.js';
import { message, testApp } from '../support/http-app.js';

/** The SDK throws on an event that is not valid by the specification. */
function assertIsEvent(cloudEvent: unknown, event: ConsultationEvent | undefined): void {
  assert.ok(cloudEvent instanceof CloudEvent && event !== undefined);
  assert.ok(cloudEvent.validate());
  const { data, ...attributes } = JSON.parse(JSON.stringify(cloudEvent)) as Record<string, unknown>;
  assert.deepEqual(data, event.payload);
  assert.deepEqual(
    { ...attributes, version: Number(attributes.version) },
    {
      specversion: '1.0',
      id: event.event_id,
      source: `/consultations/${event.consultation_id}`,
      type: `fi-consult.${event.event_type}`,
      subject: `events/${event.version}`,
      time: event.timestamp,
      datacontenttype: 'application/json',
      sequence: String(event.sequence).padStart(16, '0'),
      version: event.version,
      origin: event.metadata.source,
      userid: event.metadata.user_id,
      sessionid: event.metadata.session_id,
      timezone: event.metadata.timezone,
      audithash: event.audit_hash,
      hash: event.hash,
    },
  );
}

/** What the SDK makes of an answer. */
function read(answer: { headers: object; body: string }): unknown {
  return HTTP.toEvent({ headers: answer.headers as Record<string, string>, body: answer.body });
}

async function set(t: Parameters<typeof testApp>[0]) {
  const app = await testApp(t);
  const id = await app.start();
  await app.post(
    `/consultations/${id}/events`,
    message('¿Le duele?\n"100 %"', { user_id: 'dra. Núñez "%" 医' }),
  );
  const events = app.store.links.map(eventOfLink);
  return { ...app, id, events, path: `/consultations/${id}/events` };
}

test('gives one event in structured mode, by Accept and by format', async (t) => {
  const { get, path, events } = await set(t);
  for (const [url, accept] of [
    [`${path}/2`, 'application/cloudevents+json'],
    [`${path}/2?format=cloudevents`, '*/*'],
  ] as const) {
    const answer = await get(url, { accept });
    assert.equal(answer.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assertIsEvent(read(answer), events[1]);
  }
});

test('gives one event in binary mode: headers, and the payload as body', async (t) => {
  const { get, path, events } = await set(t);
  const answer = await get(`${path}/2?format=cloudevents-binary`);
  assert.deepEqual(answer.json(), events[1]?.payload);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.headers['ce-userid'], 'dra.%20N%C3%BA%C3%B1ez%20%22%25%22%20%E5%8C%BB');
  // The SDK does not decode what the HTTP binding has encoded.
  const headers = { ...answer.headers, 'ce-userid': decodeURIComponent(String(answer.headers['ce-userid'])) };
  assertIsEvent(read({ headers, body: answer.body }), events[1]);
});

test('gives pages as batches, of a consultation and of all', async (t) => {
  const { get, path, events } = await set(t);
  for (const url of [path, '/events', `${path}?from_version=1&limit=2`, '/events?from=1&limit=2']) {
    const answer = await get(url, { accept: 'application/cloudevents-batch+json' });
    assert.equal(answer.headers['content-type'], 'application/cloudevents-batch+json; charset=utf-8');
    const batch = read(answer) as unknown[];
    assert.equal(batch.length, 2);
    for (const [index, one] of batch.entries()) assertIsEvent(one, events[index]);
  }
});

test('gives streams of events in structured mode, by Accept and by format', async (t) => {
  const { get, path, events } = await set(t);
  for (const [url, accept] of [
    [`${path}?format=cloudevents`, 'application/x-ndjson'],
    [path, 'application/x-ndjson, application/cloudevents+json;q=0.5'],
    ['/events', 'application/x-ndjson, application/cloudevents+json'],
  ] as const) {
    const lines = (await get(url, { accept })).body.trimEnd().split('\n');
    assert.equal(lines.length, 2);
    const headers = { 'content-type': 'application/cloudevents+json' };
    for (const [index, body] of lines.entries()) assertIsEvent(read({ headers, body }), events[index]);
  }
});

test('gives one event as it is, and says when it is not there', async (t) => {
  const { get, path, events } = await set(t);
  assert.deepEqual((await get(`${path}/2`)).json(), events[1]);
  for (const version of ['0', '3', '-1', '1.0', 'x', '99999999999']) {
    const answer = await get(`${path}/${version}`);
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.json().code, 'VERSION_NOT_FOUND');
  }
  assert.equal((await get(`${path}/1`, { accept: 'image/png' })).json().code, 'NOT_ACCEPTABLE');
});
