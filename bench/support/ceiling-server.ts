/**
 * The ceiling: a plain Fastify route that validates the same body, answers through the same schema, and stores
 * nothing. Whatever the service does more than this is the price of keeping events.
 */
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { AppendBody, type AppendBodyType, AppendedAnswer } from '../../src/http/schemas.js';
import { compileValidator } from '../../src/http/validation.js';

const HASH = 'a'.repeat(64);
const app = fastify({ logger: false });
app.setValidatorCompiler(compileValidator);
app.post<{ Params: { id: string }; Body: AppendBodyType }>(
  '/consultations/:id/events',
  { schema: { body: AppendBody, response: { 201: AppendedAnswer } } },
  async (request, reply) => {
    reply.code(201);
    return {
      event_id: '01890a5d-ac96-774b-bcce-b302099a8057',
      consultation_id: request.params.id,
      event_count: 1,
      timestamp: new Date().toISOString(),
      sequence: 1,
      version: 1,
      audit_hash: HASH,
      hash: HASH,
      durability: 'fsync',
    };
  },
);
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
process.once('SIGTERM', () => void app.close());
