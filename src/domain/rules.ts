/** The rules that decide whether a consultation takes its next event, beyond the schema of the payload. */
import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import type { ConsultationHead } from './consultation-head.js';
import { CodedError } from './errors.js';
import type { JsonObject } from './event.js';
import type { EventType } from './event-types.js';
import type { PayloadOf } from './payload-schemas.js';

/** An event that asks to be stored; the payload fits its schema (payload-schemas.ts). */
export interface ProposedEvent {
  readonly type: EventType;
  readonly payload: JsonObject;
}

const ACCEPTED_AFTER_COMMIT: ReadonlySet<EventType> = new Set<EventType>([
  'ADDENDUM_ADDED',
  'AUDIT_ENTRY_CREATED',
]);

const NAMES_A_MESSAGE: ReadonlySet<EventType> = new Set<EventType>([
  'MESSAGE_UPDATED',
  'MESSAGE_DELETED',
  'MESSAGE_PROCESSED',
]);

/**
 * Accepts the event after `head` (none when there is no such consultation yet), or throws a CodedError:
 *
 * - CONSULTATION_NOT_FOUND: there is no consultation, and this event does not start one;
 * - CONSULTATION_COMMITTED: the note is final, and this event is neither an addendum nor an audit entry;
 * - CONSULTATION_ALREADY_STARTED: a second start;
 * - UNKNOWN_MESSAGE: it names a message that is not in the list, at `/payload/message_id`;
 * - COMMIT_HASH_MISMATCH: the hash is not that of the note, at `/payload/commit_hash`.
 *
 * `isKnownMessage` says whether a message came with an earlier event of this consultation, one of the same
 * batch included, and was not cleared since (`head.clearedVersion`); it is asked only when a message is named.
 */
export function checkAppend(
  head: ConsultationHead | undefined,
  event: ProposedEvent,
  isKnownMessage: (messageId: string) => boolean,
): void {
  checkLifecycle(head, event.type);
  if (NAMES_A_MESSAGE.has(event.type)) {
    checkMessage(event.payload as PayloadOf<'MESSAGE_DELETED'>, isKnownMessage);
  }
  if (event.type === 'CONSULTATION_COMMITTED') {
    checkCommitHash(event.payload as PayloadOf<'CONSULTATION_COMMITTED'>);
  }
}

function checkLifecycle(head: ConsultationHead | undefined, type: EventType): void {
  if (head === undefined) {
    if (type === 'CONSULTATION_STARTED') return;
    throw new CodedError(
      'CONSULTATION_NOT_FOUND',
      'There is no such consultation. Start one with POST /consultations and use the id it answers.',
    );
  }
  if (head.isCommitted && !ACCEPTED_AFTER_COMMIT.has(type)) {
    throw new CodedError(
      'CONSULTATION_COMMITTED',
      'The consultation is committed and takes only ADDENDUM_ADDED and AUDIT_ENTRY_CREATED. ' +
        'Add an addendum, or start a new consultation.',
    );
  }
  if (type === 'CONSULTATION_STARTED') {
    throw new CodedError(
      'CONSULTATION_ALREADY_STARTED',
      'The consultation was started before. Start a new one with POST /consultations.',
    );
  }
}

function checkMessage(
  payload: PayloadOf<'MESSAGE_DELETED'>,
  isKnownMessage: (messageId: string) => boolean,
): void {
  if (isKnownMessage(payload.message_id)) return;
  throw new CodedError(
    'UNKNOWN_MESSAGE',
    'The event names a message that the consultation does not have, or that was cleared.',
    {
      errors: [
        {
          path: '/payload/message_id',
          message:
            'must be the event_id of a MESSAGE_RECEIVED of this consultation that was not cleared since',
        },
      ],
    },
  );
}

/** What was signed must be what is stored. RFC 8785 makes the bytes independent of who wrote the JSON. */
function checkCommitHash({ soap_data, commit_hash }: PayloadOf<'CONSULTATION_COMMITTED'>): void {
  if (hash('sha256', canonicalJson(soap_data), 'hex') === commit_hash) return;
  throw new CodedError('COMMIT_HASH_MISMATCH', 'The commit_hash is not the hash of soap_data.', {
    errors: [
      {
        path: '/payload/commit_hash',
        message:
          'must be the SHA-256, in lower-case hex, of the UTF-8 bytes of soap_data in RFC 8785 (canonical JSON) form',
      },
    ],
  });
}
