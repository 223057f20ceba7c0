/**
 * The service's route for finding consultations, on an index without a log, and beside it a route that does nothing:
 * what is measured is finding alone.
 */
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { compressAnswers } from '../../src/http/compression.js';
import { consultationListRoute } from '../../src/http/routes/consultation-list.js';
import { compileValidator } from '../../src/http/validation.js';
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import { contentCodings } from '../../src/ops/content-codings.js';
import { pageOf } from '../../src/store/local-event-store.js';

const opened = await ConsultationIndex.open(process.argv[2] as string);
if (opened.kind !== 'open') throw new Error(opened.reason);
const { index } = opened;
const app = fastify({ logger: false });
app.setValidatorCompiler(compileValidator);
compressAnswers(app, await contentCodings());
consultationListRoute(app, {
  store: {
    consultations: async ({ filter, after, limit }) => pageOf(index.list(filter, after, limit + 1), limit),
  },
});
app.get('/nothing', async () => ({ status: 'alive' }));
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
process.once('SIGTERM', () => void app.close().then(() => index.close()));
