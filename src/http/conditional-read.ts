/** Reads that a client makes only if something changed (RFC 9110, section 13.2.2). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '../domain/errors.js';
import type { AsOf, EventStore } from '../store/event-store.js';
import { CLINICAL_HEADERS } from './context.js';
import { matchingTag, meetsIfMatch } from './if-match.js';

/** What is read: of a consultation, now or as it was. */
export interface ReadOf {
  consultationId: string;
  asOf?: AsOf | undefined;
  /** The request headers that the answer depends on, beside those that every answer does. */
  vary?: string;
}

/**
 * Whether the client has what it asks for: then the answer is set to 304, and only has to be sent. Costs nothing for a
 * request without conditions, and of others a look at the version. WRONG_EXPECTED_VERSION if `If-Match` names none that
 * it is at; CONSULTATION_NOT_FOUND and VERSION_NOT_FOUND as the read itself.
 */
export async function isNotModified(
  store: Pick<EventStore, 'events'>,
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { consultationId, asOf, vary }: ReadOf,
): Promise<boolean> {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch === undefined && ifNoneMatch === undefined) return false;
  // A page after the last event counts the events and reads none.
  const pastTheEnd = { offset: Number.MAX_SAFE_INTEGER, limit: 1 };
  const page = await store.events({ consultationId, ...pastTheEnd, ...(asOf !== undefined && { asOf }) });
  const version = page.eventCount;
  if (ifMatch !== undefined && !meetsIfMatch(ifMatch, version)) {
    throw new CodedError(
      'WRONG_EXPECTED_VERSION',
      `The consultation is at version ${version}, which If-Match does not name.`,
      { extensions: { version } },
    );
  }
  const tag = ifNoneMatch === undefined ? undefined : matchingTag(ifNoneMatch, version);
  if (tag === undefined) return false;
  reply.code(304).headers(CLINICAL_HEADERS).header('etag', tag);
  reply.header('vary', vary === undefined ? 'accept-encoding' : `${vary}, accept-encoding`);
  return true;
}
