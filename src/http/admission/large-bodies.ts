/**
 * A bound for the bodies that are being received: ten thousand connections that each send a mebibyte slowly would
 * otherwise take ten gibibytes of memory before one of them is complete.
 *
 * Small bodies need none, since the number of connections bounds them, nor do streams, which are never kept whole.
 * Of a large one nobody knows the priority before it is there, so they are refused alike.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';

/** What src/http/routes/stream.ts takes. */
const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

const REFUSAL = new CodedError(
  'OVERLOADED',
  'Too many large bodies are being received. Send it again after Retry-After.',
);

/** A hook for `onRequest` that counts what is declared, until the request is answered or its connection gone. */
export function boundLargeBodies(bytesMax: number = limits.receivingBytesMax) {
  let receiving = 0;
  return ({ raw }: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const bytes = declaredBytes(raw.headers['content-length'], raw.headers['transfer-encoding']);
    if (bytes <= limits.smallBodyBytesMax || raw.headers['content-type'] === NDJSON_MEDIA_TYPE) {
      done();
      return;
    }
    // A longer body than any route takes is answered when its headers are read.
    const held = Math.min(bytes, limits.bodyBytesMax);
    if (receiving + held > bytesMax) {
      done(REFUSAL);
      return;
    }
    receiving += held;
    raw.once('close', () => {
      receiving -= held;
    });
    done();
  };
}

/** A body in chunks may become as large as any. */
function declaredBytes(length: string | undefined, encoding: string | undefined): number {
  if (length !== undefined) return Number(length);
  return encoding === undefined ? 0 : limits.bodyBytesMax;
}
