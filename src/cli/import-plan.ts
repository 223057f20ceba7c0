/**
 * What becomes of one line of an imported file: the consultation it stands for, as events with derived ids.
 *
 *   CONSULTATION_STARTED        no patient_stub: a transcript has a speaker, not a patient's data
 *   MESSAGE_RECEIVED            one a turn; message_role is `assistant` for a clinician and `user` for all others
 *   SOAP_GENERATION_COMPLETED   if there is a note: soap_data {note}, as text, since its sections differ by
 *                               source; quality_score 0 and ready_for_commit false, for nobody has judged it
 *
 * Nothing of the line is lost. A message's `metadata` has what its payload does not say: `at_ms`, a `role` that
 * is neither patient nor clinician, and fields we do not know. The first message's `metadata.transcript` has what
 * is the whole line's: id, source, complaint, section, unknown fields, and `empty_turns`. These are turns
 * without text (real transcripts have some, where nothing was heard), which no message can stand for: each by
 * its place among the messages, from 0, and what else it had.
 */
import { Compile } from 'typebox/compile';
import {
  type ConsultationTranscript,
  consultationTranscript,
  type TranscriptMessage,
} from '../domain/consultation-transcript.js';
import { CodedError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/event.js';
import { limits } from '../domain/limits.js';
import { decodeUtf8, parseStrictJson } from '../domain/strict-json.js';
import type { EventToAppend } from '../store/event-store.js';
import type { ImportPlan } from './import-consultation.js';
import { importIds } from './import-ids.js';

const validator = Compile(consultationTranscript);

/**
 * The consultation of a line, or undefined for a blank one. A CodedError (those of parseStrictJson,
 * VALIDATION_FAILED, BODY_TOO_LARGE) says what is wrong with the line.
 */
export function importPlan(line: Buffer): ImportPlan | undefined {
  const text = decodeUtf8(line);
  if (text.trim() === '') return undefined;
  const value = parseStrictJson(text);
  const ids = importIds(value);
  const events = transcriptEvents(transcriptOf(value));
  return {
    consultationId: ids.consultationId,
    startEventId: ids.eventId(1),
    events: events.map((event, index) => ({ ...event, eventId: ids.eventId(index + 2) })),
  };
}

function transcriptOf(value: Json): ConsultationTranscript {
  if (validator.Check(value)) return value;
  const errors = validator
    .Errors(value)
    .slice(0, limits.fieldErrorsMax)
    .map(({ instancePath, message }) => ({ path: instancePath, message }));
  throw new CodedError(
    'VALIDATION_FAILED',
    'not a consultation: expected an object with "id", "source" and "messages", a list of {"role", "text"}',
    { errors },
  );
}

/** The events after the first one. A CodedError names the message that no service would take. */
export function transcriptEvents(transcript: ConsultationTranscript): EventToAppend[] {
  const { messages, note, ...about } = transcript;
  const said = messages.filter(({ text }) => text !== '');
  if (said.length === 0) {
    throw new CodedError('VALIDATION_FAILED', 'not a consultation: none of its messages has a text');
  }
  const emptyTurns = messages.flatMap(({ text, ...turn }, index) =>
    text === '' ? [{ index, ...turn }] : [],
  );
  const transcriptFacts = { ...about, ...(emptyTurns.length > 0 && { empty_turns: emptyTurns }) };
  const events = said.map((message, index) =>
    messageEvent(message, index === 0 ? transcriptFacts : undefined),
  );
  if (note !== undefined && note !== '') events.push(noteEvent(note));
  for (const [index, { payload }] of events.entries()) checkSize(payload, index);
  return events;
}

function messageEvent(message: TranscriptMessage, transcript: JsonObject | undefined): EventToAppend {
  const { role, text, ...rest } = message;
  const isPlainRole = role === 'patient' || role === 'clinician';
  const metadata = { ...rest, ...(!isPlainRole && { role }), ...(transcript && { transcript }) };
  return {
    type: 'MESSAGE_RECEIVED',
    payload: {
      message_content: text,
      message_role: isClinician(role) ? 'assistant' : 'user',
      ...(Object.keys(metadata).length > 0 && { metadata }),
    },
  };
}

/** Transcripts of visits with many speakers number and misspell them: `doctor_2`, `docotr_2`, `guest_clinican`. */
const isClinician = (role: string): boolean => /(^|_)(clin|doc)/.test(role);

function noteEvent(note: string): EventToAppend {
  return {
    type: 'SOAP_GENERATION_COMPLETED',
    payload: { soap_data: { note }, quality_score: 0, ready_for_commit: false },
  };
}

/** What the fields of a request beside the payload take at most; the user's name alone can take 3 KB. */
const ENVELOPE_BYTES = 4096;

/** The same bound for a store and a service, so that a file goes into both or into none. */
function checkSize(payload: JsonObject, index: number): void {
  const bytesMax = limits.bodyBytesMax - ENVELOPE_BYTES;
  if (Buffer.byteLength(JSON.stringify(payload)) <= bytesMax) return;
  throw new CodedError('BODY_TOO_LARGE', `event ${index + 2} of the consultation is over ${bytesMax} bytes`);
}
