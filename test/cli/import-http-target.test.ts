/** A running service as the target, over real connections that break and answers that get lost. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { CommandError, errorLine } from '../../src/cli/command-error.js';
import { importConsultation } from '../../src/cli/import-consultation.js';
import { httpTarget, serviceUrl } from '../../src/cli/import-http-target.js';
import { CodedError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { planOf, storedMessages } from '../support/import-plans.js';
import { startServiceStub } from '../support/service-stub.js';

const never = new AbortController().signal;
const newCounts = () => ({ eventsWritten: 0, eventsPresent: 0 });
const texts = (plan: ReturnType<typeof planOf>) => plan.events.map((event) => event.payload.message_content);

/** Waits for nothing, and keeps how long it should have waited. */
function recordedWaits() {
  const waitsMs: number[] = [];
  const wait = async (ms: number): Promise<void> => {
    waitsMs.push(ms);
  };
  return { waitsMs, options: { signal: never, wait } };
}

test('writes a consultation, and nothing the second time with one question', async (t) => {
  const stub = await startServiceStub(t);
  const target = await httpTarget(serviceUrl(`${stub.url}/`), { signal: never });
  const plan = planOf(5);
  const first = newCounts();
  await importConsultation(plan, 'ana', target, never, first);
  assert.deepEqual(first, { eventsWritten: 6, eventsPresent: 0 });
  assert.deepEqual(storedMessages(stub.store), texts(plan));
  const requestsBefore = stub.requests.length;
  const second = newCounts();
  await importConsultation(plan, 'ana', target, never, second);
  assert.deepEqual(second, { eventsWritten: 0, eventsPresent: 6 });
  assert.equal(stub.requests.length, requestsBefore + 1);
});

test('writes nothing twice when connections break and answers get lost', async (t) => {
  const faults = ['lose-answer', undefined, 'reset', 'lose-answer', 'lose-answer', undefined] as const;
  const stub = await startServiceStub(t, (_request, index) => faults[index % faults.length]);
  const { options } = recordedWaits();
  const target = await httpTarget(serviceUrl(stub.url), options);
  const plan = planOf(12);
  const counts = newCounts();
  await importConsultation(plan, 'ana', target, never, counts);
  assert.deepEqual(storedMessages(stub.store), texts(plan));
  assert.equal(counts.eventsWritten + counts.eventsPresent, 13);
});

test('waits as long as a busy service asks, in seconds or until a time', async (t) => {
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  const stub = await startServiceStub(t, (_request, index) => {
    if (index === 0) return { status: 503, headers: { 'retry-after': '3' } };
    if (index === 2) return { status: 503, headers: { 'retry-after': inAnHour } };
    return undefined;
  });
  const { waitsMs, options } = recordedWaits();
  const target = await httpTarget(serviceUrl(stub.url), options);
  await importConsultation(planOf(1), 'ana', target, never, newCounts());
  assert.deepEqual(waitsMs, [3000, limits.importRetryWaitMsMax]);
  assert.equal(stub.store.links.length, 2);
});

test('gives up on a service that stays busy, with its code', async (t) => {
  const body = { code: 'OVERLOADED', detail: 'The queue is full.' };
  const stub = await startServiceStub(t, () => ({ status: 503, body }));
  const { waitsMs, options } = recordedWaits();
  const target = await httpTarget(serviceUrl(stub.url), options);
  const failing = importConsultation(planOf(1), 'ana', target, never, newCounts());
  await assert.rejects(failing, (error) => errorLine(error) === 'OVERLOADED: The queue is full.');
  assert.equal(waitsMs.length, limits.importRetriesMax);
});

test('does not repeat what the service refuses, and gives its code and fields in one line', async (t) => {
  const errors = [{ path: '/payload/message_content', message: 'must not be\nempty' }];
  const body = { code: 'VALIDATION_FAILED', detail: 'The body is not valid.', errors };
  const stub = await startServiceStub(t, ({ method }) =>
    method === 'POST' ? { status: 422, body } : undefined,
  );
  const target = await httpTarget(serviceUrl(stub.url), { signal: never });
  const failing = importConsultation(planOf(1), 'ana', target, never, newCounts());
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof CodedError);
    assert.equal(
      errorLine(error),
      'VALIDATION_FAILED: The body is not valid. (/payload/message_content must not be empty)',
    );
    return true;
  });
  assert.equal(stub.requests.filter(({ method }) => method === 'POST').length, 1);
});

test('refuses a service that takes no ids, before it writes a second consultation', async (t) => {
  const stub = await startServiceStub(t, ({ method }) =>
    method === 'POST' ? { status: 201, body: { consultation_id: 'another' } } : undefined,
  );
  const target = await httpTarget(serviceUrl(stub.url), { signal: never });
  await assert.rejects(importConsultation(planOf(1), 'ana', target, never, newCounts()), CommandError);
  assert.equal(stub.requests.filter(({ method }) => method === 'POST').length, 1);
});

test('takes an unknown route for another service, not for an empty store', async (t) => {
  const stub = await startServiceStub(t, () => ({
    status: 404,
    body: { code: 'ROUTE_NOT_FOUND', detail: 'No.' },
  }));
  const target = await httpTarget(serviceUrl(stub.url), { signal: never });
  await assert.rejects(importConsultation(planOf(1), 'ana', target, never, newCounts()), /No\./);
});

test('follows no redirect', async (t) => {
  const elsewhere = await startServiceStub(t);
  const stub = await startServiceStub(t, ({ path }) => ({
    status: 307,
    headers: { location: `${elsewhere.url}${path}` },
  }));
  const target = await httpTarget(serviceUrl(stub.url), { signal: never });
  await assert.rejects(importConsultation(planOf(1), 'ana', target, never, newCounts()), /status 307/);
  assert.equal(elsewhere.requests.length, 0);
});

test('says at once when nobody listens', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { waitsMs, options } = recordedWaits();
  await assert.rejects(
    httpTarget(serviceUrl(`http://127.0.0.1:${port}`), options),
    /cannot be reached \(ECONNREFUSED\); is the service running\?/,
  );
  assert.deepEqual(waitsMs, []);
});

test('refuses an address that is none', () => {
  for (const text of ['', 'localhost:7001', 'ftp://127.0.0.1', '/tmp/socket', 'http://']) {
    assert.throws(() => serviceUrl(text), CommandError, text);
  }
});
