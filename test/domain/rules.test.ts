import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ConsultationHead } from '../../src/domain/consultation-head.js';
import { CodedError, type ErrorCode } from '../../src/domain/errors.js';
import type { JsonObject } from '../../src/domain/event.js';
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { checkAppend } from '../../src/domain/rules.js';
import { GENESIS_HASH } from '../../src/domain/stored-event.js';
import { CONSULTATION_ID, eventId, examplePayload, SESSION_ID } from './consultation-builder.js';

const HEAD: ConsultationHead = {
  consultationId: CONSULTATION_ID,
  sessionId: SESSION_ID,
  userId: 'dr-test',
  createdMs: 0,
  updatedMs: 0,
  version: 3,
  sequence: 9,
  lastEventId: eventId(3),
  hash: GENESIS_HASH,
  isCommitted: false,
  urgency: null,
  clearedVersion: 0,
};
const COMMITTED: ConsultationHead = { ...HEAD, isCommitted: true };

function append(
  head: ConsultationHead | undefined,
  type: EventType,
  payload: JsonObject = examplePayload(type),
  isKnownMessage: (messageId: string) => boolean = () => true,
): void {
  checkAppend(head, { type, payload }, isKnownMessage);
}

/** Asserts that it is refused with a code, and with errors at these paths, and gives the error. */
function refusal(action: () => void, code: ErrorCode, ...paths: string[]): CodedError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    assert.equal(error.code, code);
    assert.deepEqual(error.errors?.map(({ path }) => path) ?? [], paths);
    return error;
  }
  return assert.fail(`not refused with ${code}`);
}

describe('a consultation that does not exist', () => {
  it('takes only its start', () => {
    append(undefined, 'CONSULTATION_STARTED');
    for (const type of EVENT_TYPES.slice(1)) refusal(() => append(undefined, type), 'CONSULTATION_NOT_FOUND');
  });
});

describe('a consultation that was started', () => {
  it('takes every type but a second start', () => {
    for (const type of EVENT_TYPES.slice(1)) append(HEAD, type);
    refusal(() => append(HEAD, 'CONSULTATION_STARTED'), 'CONSULTATION_ALREADY_STARTED');
  });
});

describe('a committed consultation', () => {
  it('takes addenda and audit entries and nothing else, not even a second commit or start', () => {
    for (const type of EVENT_TYPES) {
      if (type === 'ADDENDUM_ADDED' || type === 'AUDIT_ENTRY_CREATED') append(COMMITTED, type);
      else refusal(() => append(COMMITTED, type), 'CONSULTATION_COMMITTED');
    }
  });

  it('says so before it looks at messages or hashes', () => {
    const unknown = { message_id: eventId(99) };
    refusal(() => append(COMMITTED, 'MESSAGE_DELETED', unknown, () => false), 'CONSULTATION_COMMITTED');
  });
});

describe('an event that names a message', () => {
  for (const type of ['MESSAGE_UPDATED', 'MESSAGE_DELETED', 'MESSAGE_PROCESSED'] as const) {
    it(`is accepted as ${type} when the message is known, and refused when it is not`, () => {
      const payload = { ...examplePayload(type), message_id: eventId(2) };
      append(HEAD, type, payload, (messageId) => messageId === eventId(2));
      const isKnown = (messageId: string) => messageId !== eventId(2);
      const error = refusal(
        () => append(HEAD, type, payload, isKnown),
        'UNKNOWN_MESSAGE',
        '/payload/message_id',
      );
      assert.ok(!JSON.stringify([error.message, error.errors]).includes(eventId(2)), 'shows no payload');
    });
  }

  it('is the only one that the messages are looked up for', () => {
    const neverAsked = () => assert.fail('asked');
    for (const type of EVENT_TYPES.slice(1)) {
      if (!('message_id' in examplePayload(type))) append(HEAD, type, examplePayload(type), neverAsked);
    }
  });
});

describe('a commit', () => {
  const commit = (soap_data: JsonObject, commit_hash: string) =>
    append(HEAD, 'CONSULTATION_COMMITTED', {
      ...examplePayload('CONSULTATION_COMMITTED'),
      soap_data,
      commit_hash,
    });
  const sha256 = (text: string) => hash('sha256', text, 'hex');

  it('is accepted with the hash of the canonical form, whatever the order of fields', () => {
    const canonical = '{"a":{"x":1,"y":"é €"},"b":[1.5,1e+21]}';
    commit({ a: { x: 1, y: 'é €' }, b: [1.5, 1e21] }, sha256(canonical));
    commit({ b: [1.5, 1e21], a: { y: 'é €', x: 1 } }, sha256(canonical));
    commit({}, sha256('{}'));
  });

  it('is refused with any other hash, and says what to hash without showing the right one', () => {
    const note = { b: 1, a: 2 };
    for (const wrong of [sha256('{"b":1,"a":2}'), sha256('{"a":2, "b":1}'), '0'.repeat(64)]) {
      const error = refusal(() => commit(note, wrong), 'COMMIT_HASH_MISMATCH', '/payload/commit_hash');
      assert.match(error.errors?.[0]?.message ?? '', /soap_data.*RFC 8785/);
      assert.ok(!JSON.stringify(error.errors).includes(sha256('{"a":2,"b":1}')));
    }
  });
});
