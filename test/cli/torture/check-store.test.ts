/** Each promise that is broken is found, and by its name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEvents, checkSequences } from '../../../src/cli/torture/check-store.js';
import { auditHashOf, type Consultation } from '../../../src/cli/torture/clinic.js';
import { Findings } from '../../../src/cli/torture/findings.js';
import type { ConsultationEvent } from '../../../src/domain/event.js';

function event(version: number, text: string): ConsultationEvent {
  const payload = { message_content: text, message_role: 'user' };
  return {
    event_id: `event-${version}`,
    consultation_id: 'c',
    sequence: 10 * version,
    version,
    timestamp: '2026-01-01T00:00:00.000Z',
    event_type: 'MESSAGE_RECEIVED',
    payload,
    metadata: { source: 'http', user_id: 'dr', session_id: 's', timezone: 'UTC' },
    audit_hash: auditHashOf(payload),
    hash: `hash-${version}`,
  };
}

const STORED = [1, 2, 3, 4].map((version) => event(version, `text ${version}`));

/** All but the first were acknowledged. */
function told(): Consultation {
  return { id: 'c', isStarted: true, acknowledged: STORED.slice(1), unanswered: [] };
}

function found(consultation: Consultation, events: readonly ConsultationEvent[]): object {
  const findings = new Findings();
  checkEvents(consultation, events, findings);
  return Object.fromEntries(Object.entries(findings.counts).filter(([, count]) => count > 0));
}

test('finds nothing where all is as it was acknowledged', () => {
  assert.deepEqual(found(told(), STORED), {});
});

test('finds an event that is missing, at the end or before it, and a consultation that is', () => {
  assert.deepEqual(found(told(), STORED.slice(0, -1)), { lost: 1 });
  assert.deepEqual(found(told(), STORED.toSpliced(1, 1)), { lost: 1, out_of_order: 1 });
  assert.deepEqual(found({ ...told(), acknowledged: [] }, []), { lost: 1 });
});

test('finds an event that is there twice, or in another place', () => {
  assert.deepEqual(found(told(), [...STORED, { ...event(5, 'text 4'), event_id: 'event-4' }]), {
    duplicated: 1,
    altered: 1,
    out_of_order: 2,
  });
  const [first, second, third, fourth] = STORED as [
    ConsultationEvent,
    ConsultationEvent,
    ConsultationEvent,
    ConsultationEvent,
  ];
  const swapped = [first, { ...third, version: 2 }, { ...second, version: 3 }, fourth];
  assert.deepEqual(found(told(), swapped), { out_of_order: 3 });
});

test('finds a payload, a time or a hash that changed', () => {
  const changed = (fields: Partial<ConsultationEvent>) => [
    ...STORED.slice(0, 3),
    { ...STORED[3], ...fields },
  ];
  for (const fields of [
    { payload: { message_content: 'other', message_role: 'user' } },
    { timestamp: '2026-01-02T00:00:00.000Z' },
    { hash: 'other' },
  ]) {
    assert.deepEqual(found(told(), changed(fields) as ConsultationEvent[]), { altered: 1 });
  }
});

test('finds what was refused or never sent, and lets pass what was sent and not answered, once', () => {
  const extra = event(5, 'sent');
  const twice = [...STORED, extra, { ...event(6, 'sent'), event_id: 'event-6' }];
  assert.deepEqual(found(told(), [...STORED, extra]), { uninvited: 1 });
  const sent = { body: { payload: extra.payload }, auditHash: extra.audit_hash };
  assert.deepEqual(found({ ...told(), unanswered: [sent] }, [...STORED, extra]), {});
  assert.deepEqual(found({ ...told(), unanswered: [sent] }, twice), { uninvited: 1 });
  const other = { ...sent, body: { ...sent.body, event_id: 'another' } };
  assert.deepEqual(found({ ...told(), unanswered: [other] }, [...STORED, extra]), { uninvited: 1 });
});

test('finds a sequence that is missing or was given twice', () => {
  for (const [sequences, count] of [
    [[3, 1, 2], 0],
    [[1, 3], 1],
    [[2, 3], 1],
    [[1, 2, 2, 3], 1],
  ] as const) {
    const findings = new Findings();
    checkSequences([...sequences], findings);
    assert.equal(findings.counts.out_of_order, count, String(sequences));
  }
});
