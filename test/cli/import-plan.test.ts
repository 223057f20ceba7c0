/** From a line to events: what becomes of a transcript, and that nothing of it is lost. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { errorLine } from '../../src/cli/command-error.js';
import type { ImportPlan } from '../../src/cli/import-consultation.js';
import { importPlan } from '../../src/cli/import-plan.js';
import type { Json, JsonObject } from '../../src/domain/event.js';
import { limits } from '../../src/domain/limits.js';
import { PAYLOAD_SCHEMAS } from '../../src/domain/payload-schemas.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';

/** Real transcripts, where they lie beside the repository. */
const REAL_DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

const ajv = new Ajv2020({ strict: false });
const validators = {
  MESSAGE_RECEIVED: ajv.compile(PAYLOAD_SCHEMAS.MESSAGE_RECEIVED),
  SOAP_GENERATION_COMPLETED: ajv.compile(PAYLOAD_SCHEMAS.SOAP_GENERATION_COMPLETED),
};

const LINE = {
  id: 'call-1',
  source: 'test',
  complaint: 'Headache',
  messages: [
    { role: 'clinician', text: '¿Qué le pasa?', at_ms: 0 },
    { role: 'patient', text: 'Me duele la cabeza.' },
    { role: 'family', text: 'Desde ayer.', at_ms: 4000 },
  ],
  note: 'Cefalea.',
};

function planOfLine(line: unknown): ImportPlan {
  const plan = importPlan(Buffer.from(JSON.stringify(line)));
  assert.ok(plan !== undefined);
  return plan;
}

const failureOf = (text: string): string => {
  try {
    importPlan(Buffer.from(text));
  } catch (error) {
    return errorLine(error);
  }
  return 'no failure';
};

test('makes a message of every turn and a SOAP note of the note', () => {
  assert.deepEqual(
    planOfLine(LINE).events.map(({ type, payload }) => ({ type, payload })),
    [
      {
        type: 'MESSAGE_RECEIVED',
        payload: {
          message_content: '¿Qué le pasa?',
          message_role: 'assistant',
          metadata: { at_ms: 0, transcript: { id: 'call-1', source: 'test', complaint: 'Headache' } },
        },
      },
      { type: 'MESSAGE_RECEIVED', payload: { message_content: 'Me duele la cabeza.', message_role: 'user' } },
      {
        type: 'MESSAGE_RECEIVED',
        payload: {
          message_content: 'Desde ayer.',
          message_role: 'user',
          metadata: { at_ms: 4000, role: 'family' },
        },
      },
      {
        type: 'SOAP_GENERATION_COMPLETED',
        payload: { soap_data: { note: 'Cefalea.' }, quality_score: 0, ready_for_commit: false },
      },
    ],
  );
});

test('stores no note where none was written', () => {
  const { note: _, ...line } = LINE;
  assert.equal(planOfLine({ ...line, note: '' }).events.length, 3);
  assert.equal(planOfLine(line).events.length, 3);
});

test('takes further clinicians for clinicians, however they are spelled, and keeps their roles', () => {
  const roles = ['doctor_2', 'docotr_2', 'guest_clinican', 'guest_family_1', 'patient_guest'];
  const plan = planOfLine({ ...LINE, note: '', messages: roles.map((role) => ({ role, text: 'Sí.' })) });
  assert.deepEqual(
    plan.events.map(({ payload }) => payload.message_role),
    ['assistant', 'assistant', 'assistant', 'user', 'user'],
  );
  assert.deepEqual(
    plan.events.map(({ payload }) => (payload.metadata as JsonObject).role),
    roles,
  );
});

test('keeps turns without a text, and fields it does not know, in the metadata', () => {
  const [first, ...rest] = LINE.messages;
  const messages = [{ role: 'patient', text: '', at_ms: 7 }, { ...first, mood: 'calm' }, ...rest];
  const plan = planOfLine({ ...LINE, language: 'es', messages });
  assert.equal(plan.events.length, 4);
  assert.deepEqual(plan.events[0]?.payload.metadata, {
    at_ms: 0,
    mood: 'calm',
    transcript: {
      id: 'call-1',
      source: 'test',
      complaint: 'Headache',
      language: 'es',
      empty_turns: [{ index: 0, role: 'patient', at_ms: 7 }],
    },
  });
});

test('passes over a blank line', () => {
  assert.equal(importPlan(Buffer.from(' \r')), undefined);
  assert.equal(importPlan(Buffer.alloc(0)), undefined);
});

test('says what is wrong with a line that is no consultation', () => {
  assert.match(failureOf('{"id":"a"'), /^INVALID_JSON: /);
  assert.match(failureOf('{"id":"a","id":"b"}'), /^DUPLICATE_KEY: /);
  assert.match(
    failureOf('[]'),
    /^VALIDATION_FAILED: not a consultation: expected an object with "id", "source"/,
  );
  assert.match(failureOf(JSON.stringify({ ...LINE, messages: {} })), /not a consultation.*\/messages /);
  assert.match(
    failureOf(JSON.stringify({ ...LINE, messages: [{ role: 'x', text: 7 }] })),
    /\/messages\/0\/text /,
  );
  assert.match(
    failureOf(JSON.stringify({ ...LINE, messages: [{ role: 'x', text: '' }] })),
    /none of its messages has a text/,
  );
  assert.match(failureOf('\ufeff{}'), /^INVALID_JSON: .*byte order mark/);
});

test('refuses an event of an export as no consultation', () => {
  const event = { event_id: 'e', consultation_id: 'c', sequence: 1, version: 1, payload: {} };
  assert.match(failureOf(JSON.stringify(event)), /^VALIDATION_FAILED: not a consultation: expected /);
});

test('refuses a message that no request could carry', () => {
  const messages = [{ role: 'patient', text: 'x'.repeat(limits.bodyBytesMax) }];
  assert.match(failureOf(JSON.stringify({ ...LINE, messages })), /^BODY_TOO_LARGE: event 2 /);
});

test('makes valid payloads of synthetic consultations, from which they can be read back', () => {
  for (const consultation of syntheticConsultations({ seed: 11, count: 40 }))
    checkLine(JSON.stringify(consultation));
});

test('makes valid payloads of real consultations, from which they can be read back, with ids of their own', {
  skip: existsSync(REAL_DATA) ? false : 'the real transcripts are not beside the repository',
}, () => {
  const ids = new Set<string>();
  let lines = 0;
  for (const name of readdirSync(REAL_DATA).filter((file) => file.endsWith('.ndjson'))) {
    for (const line of readFileSync(`${REAL_DATA}${name}`, 'utf8').split('\n').filter(Boolean)) {
      lines += 1;
      ids.add(checkLine(line).consultationId);
    }
  }
  assert.ok(lines > 0);
  assert.equal(ids.size, lines);
});

function checkLine(line: string): ImportPlan {
  const plan = importPlan(Buffer.from(line));
  assert.ok(plan !== undefined);
  for (const { type, payload } of plan.events) {
    const validate = validators[type as keyof typeof validators];
    assert.ok(validate(payload), `${line.slice(0, 60)}: ${ajv.errorsText(validate.errors)}`);
  }
  assert.deepEqual(readBack(plan), JSON.parse(line));
  return plan;
}

/** The transcript that a plan was made of. */
function readBack({ events }: ImportPlan): Json {
  const messages: JsonObject[] = [];
  let about: JsonObject = {};
  let note = '';
  for (const { type, payload } of events) {
    if (type === 'SOAP_GENERATION_COMPLETED') {
      note = String((payload.soap_data as JsonObject).note);
      continue;
    }
    const { transcript, ...rest } = (payload.metadata ?? {}) as JsonObject;
    if (transcript !== undefined) about = transcript as JsonObject;
    const role = payload.message_role === 'assistant' ? 'clinician' : 'patient';
    messages.push({ role, text: payload.message_content as string, ...rest });
  }
  const { empty_turns: emptyTurns = [], ...facts } = about;
  for (const turn of emptyTurns as JsonObject[]) {
    const { index, ...message } = turn;
    messages.splice(index as number, 0, { text: '', ...message });
  }
  return { ...facts, messages, note };
}
