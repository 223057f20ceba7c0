/** What the documentation shows as answers: one small consultation, as the routes tell of it. Tests hold them to the schemas. */

const CONSULTATION = '01a1f9c5-f834-73b3-b4f2-51924fdb4496';
const SESSION = '01a1f9c5-f834-73b3-b4f2-51924fdb4497';
const EVENT = '01a1f9c5-f83e-73b3-b4f2-51924fdb4499';
const STARTED = '2026-11-20T16:24:23.348Z';
const SAID = '2026-11-20T16:24:23.358Z';
const HASH = '0e5d1f2ab6c94c0f8a7d3e5b9c1a2f4d6e8b0a1c3d5f7e9b2d4f6a8c0e1bf686';
const AUDIT_HASH = 'd17d4e8b2c6f0a3d5e7f9b1c2d4a6e8f0b3c5d7e9f1a2b4c6d8e0f2a4b6cd755';

const appended = {
  event_id: EVENT,
  consultation_id: CONSULTATION,
  event_count: 2,
  timestamp: SAID,
  sequence: 2,
  version: 2,
  audit_hash: AUDIT_HASH,
  hash: HASH,
  durability: 'fsync',
};
const payload = { message_content: 'My chest has felt tight since yesterday.', message_role: 'user' };
const event = {
  event_id: EVENT,
  consultation_id: CONSULTATION,
  sequence: 2,
  version: 2,
  timestamp: SAID,
  event_type: 'MESSAGE_RECEIVED',
  payload,
  metadata: { source: 'api', user_id: 'dr.rivera', session_id: SESSION, timezone: 'UTC' },
  audit_hash: AUDIT_HASH,
  hash: HASH,
};
const cloudEvent = {
  specversion: '1.0',
  id: EVENT,
  source: `/consultations/${CONSULTATION}`,
  subject: 'events/2',
  type: 'fi-consult.MESSAGE_RECEIVED',
  time: SAID,
  datacontenttype: 'application/json',
  sequence: '0000000000000002',
  data: payload,
};
const message = {
  message_id: EVENT,
  role: 'user',
  content: payload.message_content,
  metadata: null,
  timestamp: SAID,
  updated_at: null,
  is_deleted: false,
  is_processed: false,
};
const { consultation_id: _, event_count: __, durability: ___, ...line } = appended;
const eventLine = `${JSON.stringify(event)}\n`;
const auditEntry = {
  number: 7,
  from: SAID,
  until: SAID,
  count: 1,
  subject: 'dr.rivera',
  role: 'clinician',
  credential: 'key:3f9a0c51d2e7',
  address: null,
  action: 'read',
  consultation_id: CONSULTATION,
  outcome: 'denied',
  code: 'CONSULTATION_NOT_YOURS',
};

/** Answers by what they are of. */
export const EXAMPLES = {
  consultation: CONSULTATION,
  event,
  cloudEvent,
  eventLine,
  eventMessage: `id: 2\ndata: ${JSON.stringify(event)}\n\n`,
  appended,
  batch: { consultation_id: CONSULTATION, event_count: 2, events: [appended] },
  uploaded: `${JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload, user_id: 'dr.rivera' })}\n`,
  streamed: `${JSON.stringify({ line: 1, ...line })}\n`,
  created: { consultation_id: CONSULTATION, session_id: SESSION, created_at: STARTED, durability: 'fsync' },
  list: {
    consultations: [
      {
        consultation_id: CONSULTATION,
        user_id: 'dr.rivera',
        status: 'active',
        urgency: null,
        created_at: STARTED,
        updated_at: SAID,
        version: 2,
        event_count: 2,
        is_committed: false,
      },
    ],
    returned_count: 1,
    next_cursor: null,
  },
  state: {
    consultation: {
      consultation_id: CONSULTATION,
      session_id: SESSION,
      status: 'active',
      created_at: STARTED,
      updated_at: SAID,
      patient_data: { age: 58 },
      messages: [message],
      symptoms: null,
      context: null,
      extraction_data: null,
      extraction_iteration: 0,
      soap_note: null,
      urgency_assessment: null,
      alerts: [],
      completeness: 0,
      nom_compliance: 0,
      addenda: [],
      is_committed: false,
      commit_hash: null,
      version: 2,
      event_count: 2,
      last_event_id: EVENT,
    },
  },
  soap: {
    consultation_id: CONSULTATION,
    soap_note: null,
    completeness: 0,
    urgency_assessment: null,
    is_ready_for_commit: false,
  },
  events: {
    consultation_id: CONSULTATION,
    event_count: 2,
    returned_count: 1,
    offset: 1,
    events: [event],
  },
  difference: {
    consultation_id: CONSULTATION,
    from_version: 1,
    to_version: 2,
    patch: [{ op: 'add', path: '/messages/0', value: message }],
    events: [{ event_id: EVENT, version: 2, timestamp: SAID, event_type: 'MESSAGE_RECEIVED' }],
  },
  verified: { consultation_id: CONSULTATION, valid: true, events: 2, head_hash: HASH },
  audit: { returned_count: 1, entries: [auditEntry], next_cursor: null },
  auditLine: `${JSON.stringify(auditEntry)}\n`,
  alive: { status: 'alive' },
  ready: { status: 'ready' },
  health: { status: 'ready', head_sequence: 2, durability: 'fsync', uptime_seconds: 60, details: {} },
  metricsText: 'fi_events_appended_total 2\n',
  metrics: { fi_events_appended_total: 2 },
} as const;
