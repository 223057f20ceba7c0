/** Reads JSON bodies strictly (strict-json.ts) once they are admitted, and refuses every other kind of body. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CodedError } from '../domain/errors.js';
import type { Json } from '../domain/event.js';
import { limits } from '../domain/limits.js';
import { priorityOf, priorityOfBytes } from '../domain/priority.js';
import { decodeUtf8, parseStrictJson } from '../domain/strict-json.js';
import type { ContentCoding } from '../ops/content-codings.js';
import type { Admission, Work } from './admission/admission.js';
import { unpacking } from './compression.js';

const JSON_MEDIA_TYPE = 'application/json';

declare module 'fastify' {
  interface FastifyRequest {
    /** When work on its body began, as of `performance.now()`: before that it waited for its turn. */
    begunMs: number;
  }
}

type Done = (error: Error | null, body?: Json) => void;

/** Makes JSON in UTF-8, as it is or in one of these codings, the only body that is accepted. */
export function acceptStrictJson(
  app: FastifyInstance,
  codings: readonly ContentCoding[],
  admission: Admission,
): void {
  const unpack = unpacking(codings);
  app.removeAllContentTypeParsers();
  app.decorateRequest('begunMs', 0);
  app.addContentTypeParser(
    JSON_MEDIA_TYPE,
    { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax },
    (request, body: Buffer, done) => {
      const { headers } = request;
      try {
        checkCharset(headers);
        if (headers['content-encoding'] === undefined) admit(body, request, admission, done);
        else {
          // What it is can only be seen in what it unpacks to.
          unpack(headers['content-encoding'], body).then(
            (unpacked) => admit(unpacked, request, admission, done),
            done,
          );
        }
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** Throws nothing: what is wrong is handed on, whoever asks. */
function admit(bytes: Buffer, request: FastifyRequest, admission: Admission, done: Done): void {
  const work = new BodyToRead(request, bytes, admission, done);
  if (admission.isOpen(bytes.length)) admission.enter(work);
  else {
    // The priority is looked for only here: nobody needs it while everybody is let in.
    admission.wait(priorityOfBytes(bytes), bytes.length, work);
  }
}

/** A body that waits to be read, and with it all the work on its request. */
class BodyToRead implements Work {
  constructor(
    private readonly request: FastifyRequest,
    private readonly bytes: Buffer,
    private readonly admission: Admission,
    private readonly done: Done,
  ) {}

  begin(): void {
    this.request.begunMs = performance.now();
    read(this.bytes, this.admission, this.done);
  }

  refuse(error: CodedError): void {
    this.done(error);
  }

  isGone(): boolean {
    return this.request.raw.socket.destroyed;
  }
}

function read(bytes: Buffer, admission: Admission, done: Done): void {
  let body: Json;
  try {
    const text = decodeUtf8(bytes);
    if (bytes.length >= limits.largeBodyBytesMin) {
      parseInTurn(text, admission, done);
      return;
    }
    body = parseStrictJson(text);
  } catch (error) {
    fail(error, admission, done);
    return;
  }
  finish(body, admission, done);
}

/** A large body is read in one turn of the event loop and judged in the next: together they would hold it too long. */
function parseInTurn(text: string, admission: Admission, done: Done): void {
  setImmediate(() => {
    try {
      const body = parseStrictJson(text);
      setImmediate(finish, body, admission, done);
    } catch (error) {
      fail(error, admission, done);
    }
  });
}

function finish(body: Json, admission: Admission, done: Done): void {
  admission.countBegun(priorityOf(body));
  done(null, body);
}

/** What cannot be read has no priority. */
function fail(error: unknown, admission: Admission, done: Done): void {
  admission.countBegun('routine');
  done(error as Error);
}

/** A charset other than UTF-8 means other characters. */
function checkCharset({ 'content-type': type = '' }: IncomingHttpHeaders): void {
  if (type === JSON_MEDIA_TYPE || charsetOf(type) === 'utf-8') return;
  throw new CodedError(
    'UNSUPPORTED_MEDIA_TYPE',
    'Send the body as JSON in UTF-8, with Content-Type: application/json.',
  );
}

function charsetOf(contentType: string): string {
  return /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
}
