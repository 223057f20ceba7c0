/**
 * One peer behind the service's append route: the same schemas for body and answer, the same decision, canonical form and
 * hashes for every peer, so that what differs is how the event is kept.
 *
 * Started with the id of a peer and a directory. What the service does beside that (strict JSON, access, admission,
 * conditions, keys, index, HDF5, feed) is left out for all of them, our own journal included.
 */
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { monotonicClock } from '../../src/domain/clock.js';
import type { ConsultationHead } from '../../src/domain/consultation-head.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { appendedAnswer } from '../../src/http/appended.js';
import { AppendBody, type AppendBodyType, AppendedAnswer, CreateBody } from '../../src/http/schemas.js';
import { compileValidator } from '../../src/http/validation.js';
import { createStageTimers } from '../../src/ops/stage-timers.js';
import { type PlanContext, type PlanRequest, planAppend } from '../../src/store/append-plan.js';
import { peerOf } from './peers.js';

const [id = '', directory = ''] = process.argv.slice(2);
const peer = peerOf(id);
await mkdir(directory, { recursive: true });
const log = await peer.open(directory);

const nextId = uuidV7Generator();
const context: PlanContext = {
  clock: monotonicClock(),
  nextId,
  timers: createStageTimers(),
  locate: () => undefined,
};
/** Of consultations as they are accepted, in memory: the same for all peers, so that none is asked to read. */
const heads = new Map<string, ConsultationHead>();

async function append(request: PlanRequest) {
  const { consultationId } = request;
  const before = heads.get(consultationId);
  const [planned] = planAppend(context, before, request);
  if (planned === undefined) throw new Error('one event was planned');
  heads.set(consultationId, planned.head);
  const sequence = await log.append({
    consultationId,
    expectedVersion: before?.version ?? 0,
    links: [planned.link],
  });
  const { head, timestampMs, auditHash, hash } = planned;
  const event = { eventId: head.lastEventId, sequence, version: head.version, timestampMs, auditHash, hash };
  return appendedAnswer({ consultationId, events: [event], durability: 'fsync', replayed: false }, event);
}

const app = fastify({ logger: false });
app.setValidatorCompiler(compileValidator);
app.post<{ Body: { user_id: string } }>(
  '/consultations',
  { schema: { body: CreateBody } },
  async (request, reply) => {
    const consultationId = nextId(Date.now());
    const sessionId = nextId(Date.now());
    await append({
      consultationId,
      sessionId,
      userId: request.body.user_id,
      source: 'api',
      events: [{ type: 'CONSULTATION_STARTED', payload: { session_id: sessionId } }],
    });
    reply.code(201);
    return { consultation_id: consultationId };
  },
);
app.post<{ Params: { id: string }; Body: AppendBodyType }>(
  '/consultations/:id/events',
  { schema: { body: AppendBody, response: { 201: AppendedAnswer } } },
  async (request, reply) => {
    const { event_type: type, payload, user_id: userId } = request.body;
    const answer = await append({
      consultationId: request.params.id,
      sessionId: '',
      userId,
      source: 'api',
      events: [{ type, payload }],
    });
    reply.code(201);
    return answer;
  },
);
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
process.once('SIGTERM', async () => {
  await app.close();
  await log.close();
});
