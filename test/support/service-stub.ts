/** The routes that an import uses, over real HTTP in front of a store in memory, and as badly behaved as asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import type { JsonObject } from '../../src/domain/event.js';
import type { EventType } from '../../src/domain/event-types.js';
import { type MemoryEventStore, memoryEventStore } from './memory-event-store.js';

/** `reset`: the connection breaks before the request is looked at. `lose-answer`: after it was done. */
export type Misbehaviour =
  | 'reset'
  | 'lose-answer'
  | { status: number; headers?: Record<string, string>; body?: JsonObject };

export interface StubRequest {
  method: string;
  path: string;
}

export interface ServiceStub {
  url: string;
  store: MemoryEventStore;
  requests: StubRequest[];
}

/** Starts a service that is stopped with the test. `misbehave` is asked at every request but the health check. */
export async function startServiceStub(
  t: TestContext,
  misbehave: (
    request: StubRequest,
    index: number,
  ) => Promise<Misbehaviour | undefined> | Misbehaviour | undefined = () => undefined,
): Promise<ServiceStub> {
  const store = memoryEventStore();
  const requests: StubRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    if (url === '/health/live') return send(response, 200, {});
    requests.push({ method, path: url });
    const body = await jsonBody(request);
    const fault = await misbehave({ method, path: url }, requests.length - 1);
    if (fault === 'reset') return response.socket?.destroy();
    if (typeof fault === 'object') return send(response, fault.status, fault.body ?? {}, fault.headers);
    const answer = await answerOf(store, method, url, body);
    if (fault === 'lose-answer') return response.socket?.destroy();
    send(response, answer.status, answer.body, answer.headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, store, requests };
}

interface Answer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

async function answerOf(
  store: MemoryEventStore,
  method: string,
  path: string,
  body: JsonObject,
): Promise<Answer> {
  const url = new URL(path, 'http://stub');
  const consultationId = url.pathname.split('/')[2] ?? '';
  try {
    if (method === 'GET') return await page(store, consultationId, url.searchParams);
    return consultationId === '' ? await create(store, body) : await append(store, consultationId, body);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const status = error.code === 'CONSULTATION_NOT_FOUND' ? 404 : 422;
    return { status, body: { code: error.code, detail: error.message } };
  }
}

async function page(
  store: MemoryEventStore,
  consultationId: string,
  query: URLSearchParams,
): Promise<Answer> {
  const { eventCount, eventsJson } = await store.events({
    consultationId,
    offset: Number(query.get('offset')),
    limit: Number(query.get('limit')),
  });
  return {
    status: 200,
    body: { event_count: eventCount, events: eventsJson.map((json) => JSON.parse(json)) },
  };
}

async function create(store: MemoryEventStore, body: JsonObject): Promise<Answer> {
  const userId = String(body.user_id);
  const consultationId = String(body.consultation_id);
  const created = await store.create({ userId, source: 'api', consultationId });
  return written(created.replayed, { consultation_id: created.consultationId });
}

async function append(store: MemoryEventStore, consultationId: string, body: JsonObject): Promise<Answer> {
  const appended = await store.append({
    consultationId,
    userId: String(body.user_id),
    source: 'api',
    events: [
      {
        type: body.event_type as EventType,
        payload: body.payload as JsonObject,
        eventId: String(body.event_id),
      },
    ],
  });
  return written(appended.replayed, { consultation_id: consultationId });
}

const written = (replayed: boolean, body: JsonObject): Answer => ({
  status: 201,
  body,
  headers: replayed ? { 'idempotency-replayed': 'true' } : {},
});

async function jsonBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
}

function send(
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Record<string, string> = {},
): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));
}
