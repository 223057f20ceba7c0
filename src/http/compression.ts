/**
 * Bodies that travel compressed, both ways (RFC 9110, sections 8.4 and 12.5.3).
 *
 * Answers to GET are compressed once they are larger than a packet; those to POST are smaller. An answer that was
 * compressed is another representation, so its entity tag is another one: `"7"` becomes `"7-gzip"`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import Negotiator from 'negotiator';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { ContentCoding } from '../ops/content-codings.js';

/** Compresses the answers of all routes for GET and HEAD that are added from now on, where the client accepts it. */
export function compressAnswers(app: FastifyInstance, codings: readonly ContentCoding[]): void {
  const compress = compressing(codings);
  app.addHook('onRoute', (route) => {
    // First of all: the hook that makes an answer to HEAD of one to GET counts its bytes and drops them.
    if (route.method === 'GET' || route.method === 'HEAD')
      route.onSend = [compress, route.onSend ?? []].flat();
  });
}

/** A function that unpacks a body by its `Content-Encoding`. UNSUPPORTED_CONTENT_CODING if it is none of these. */
export function unpacking(
  codings: readonly ContentCoding[],
): (encoding: string, body: Buffer) => Promise<Buffer> {
  const byName = new Map<string, ContentCoding>(codings.map((coding) => [coding.name, coding]));
  const offered = codings.map(({ name }) => name).join(', ');
  return async (encoding, body) => {
    const name = encoding.trim().toLowerCase();
    if (name === 'identity') return body;
    const coding = byName.get(name === 'x-gzip' ? 'gzip' : name);
    if (coding !== undefined) return coding.unpack(body, limits.bodyBytesMax);
    throw new CodedError(
      'UNSUPPORTED_CONTENT_CODING',
      `Send the body as it is, or compressed once with one of ${offered}.`,
      { extensions: { accepted_codings: offered } },
    );
  };
}

function compressing(codings: readonly ContentCoding[]): onSendHookHandler {
  return (request, reply, payload, done) => {
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isWhole || reply.hasHeader('content-encoding')) {
      done();
      return;
    }
    // Small answers say so too: whether one is compressed may depend on how large it is today.
    addVary(reply);
    const coding =
      Buffer.byteLength(payload) < limits.compressedBytesMin ? undefined : wanted(request, codings);
    if (coding === undefined) {
      done();
      return;
    }
    coding.pack(typeof payload === 'string' ? Buffer.from(payload) : payload).then((packed) => {
      const etag = reply.getHeader('etag');
      reply.header('content-encoding', coding.name).removeHeader('content-length');
      if (typeof etag === 'string') reply.header('etag', tagOf(etag, coding));
      done(null, packed);
    }, done);
  };
}

/** The coding that the client wants most; the best of ours among those that it wants as much as each other. */
function wanted({ headers }: FastifyRequest, codings: readonly ContentCoding[]): ContentCoding | undefined {
  const accepted = headers['accept-encoding'];
  if (accepted === undefined) return undefined;
  const names = [...codings.map(({ name }) => name as string), 'identity'];
  const [best] = new Negotiator({ headers: { 'accept-encoding': accepted } }).encodings(names);
  return codings.find(({ name }) => name === best);
}

function tagOf(etag: string, { name }: ContentCoding): string {
  return etag.endsWith('"') ? `${etag.slice(0, -1)}-${name}"` : etag;
}

function addVary(reply: FastifyReply): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? 'accept-encoding' : `${String(vary)}, accept-encoding`);
}
