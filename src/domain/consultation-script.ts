/**
 * A whole consultation as events: every type but the first, in an order that could have happened.
 *
 * For demonstrations, benchmarks and tests of everything that takes events. The words are those of a transcript;
 * what was concluded from them is made up, without a claim to medical sense.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import type { ConsultationTranscript, TranscriptMessage } from './consultation-transcript.js';
import type { JsonObject } from './event.js';
import type { EventType } from './event-types.js';
import type { PayloadOf } from './payload-schemas.js';
import { integerBetween, pickOne, type Random, seededRandom } from './seeded-random.js';

/** One event to append after CONSULTATION_STARTED. */
export interface ScriptStep {
  type: EventType;
  /**
   * Its payload. `messageIds` are the event ids that the MESSAGE_RECEIVED steps before it were stored with, in
   * order, for a step may name the messages of earlier ones and their ids are known only by then.
   */
  payload(messageIds: readonly string[]): JsonObject;
}

type Steps = Generator<ScriptStep, void, undefined>;

const CORE_ID = 'consultation-core';
const CLINICIAN_ID = 'dr-synthetic';
const LLM_PROVIDER = 'synthetic-llm';
const ROUNDS = 3;
const PERCENT_BY_ROUND = [45, 70, 92] as const;

/**
 * The steps of one consultation: messages with rounds of extraction between them, the note, its commit and an
 * addendum. The same transcript and seed give the same steps. The transcript needs a message with text.
 */
export function* consultationScript(transcript: ConsultationTranscript, seed: number): Steps {
  const random = seededRandom(seed);
  const messages = transcript.messages.filter(({ text }) => text !== '');
  const complaint = transcript.complaint ?? messages[0]?.text ?? 'none';
  yield* soundCheck();
  const perRound = Math.ceil(messages.length / ROUNDS);
  for (let round = 1; round <= ROUNDS; round += 1) {
    yield* spokenSteps(messages.slice((round - 1) * perRound, round * perRound));
    if (round === 2) yield* failedRound(round, messages.length);
    yield* extractionRound(round, Math.min(round * perRound, messages.length), complaint, random);
  }
  yield* corrections(messages);
  yield* clinicalData(complaint, random);
  yield* urgency(complaint, random);
  const note = noteSections(transcript.note ?? complaint);
  yield* noteGeneration(note, random);
  yield* commit(note);
}

/** A step whose payload is known from the start. */
function step<T extends EventType>(type: T, payload: PayloadOf<T>): ScriptStep {
  return { type, payload: () => payload as JsonObject };
}

/** What is said before the consultation proper, and leaves no trace in its state. */
function* soundCheck(): Steps {
  yield step('CORE_STATE_CHANGED', { core_id: CORE_ID, is_loading: true });
  yield step('MESSAGE_RECEIVED', { message_content: 'One, two, three.', message_role: 'user' });
  yield step('MESSAGES_CLEARED', { core_id: CORE_ID, message_count_cleared: 1 });
  yield step('CONSULTATION_RESET', { core_id: CORE_ID, reason: 'The sound was checked.' });
  yield step('CORE_STATE_CHANGED', { core_id: CORE_ID, is_loading: false });
}

function* spokenSteps(messages: readonly TranscriptMessage[]): Steps {
  for (const message of messages) {
    yield received(message);
    if (message.role === 'clinician') continue;
    yield { type: 'MESSAGE_PROCESSED', payload: (ids) => ({ message_id: ids.at(-1) as string }) };
  }
}

function received({ role, text, at_ms }: TranscriptMessage): ScriptStep {
  return step('MESSAGE_RECEIVED', {
    message_content: text,
    message_role: role === 'clinician' ? 'assistant' : 'user',
    ...(at_ms !== undefined && { metadata: { at_ms } }),
  });
}

function extractionStarted(round: number, messageCount: number): ScriptStep {
  return step('EXTRACTION_STARTED', {
    iteration: round,
    context_message_count: messageCount,
    has_previous_extraction: round > 1,
  });
}

function llmInitiated(decisionId: string): ScriptStep {
  return step('LLM_CALL_INITIATED', {
    decision_id: decisionId,
    llm_provider: LLM_PROVIDER,
    query_text: 'Which clinical facts do these messages hold?',
    agent_name: 'extractor',
  });
}

function* failedRound(round: number, messageCount: number): Steps {
  const decisionId = `extraction-${round}-failed`;
  const error_message = 'The model did not answer in time.';
  yield extractionStarted(round, messageCount);
  yield llmInitiated(decisionId);
  yield step('LLM_CALL_FAILED', { decision_id: decisionId, error_message, retry_count: 2 });
  yield step('EXTRACTION_FAILED', { iteration: round, error_message, error_type: 'timeout' });
  yield step('CORE_ERROR_OCCURRED', { core_id: CORE_ID, error_message });
}

function* extractionRound(round: number, messageCount: number, complaint: string, random: Random): Steps {
  const decisionId = `extraction-${round}`;
  const percent = PERCENT_BY_ROUND[round - 1] ?? 0;
  const missing = round < ROUNDS ? ['allergies', 'family_history'].slice(round - 1) : [];
  const extraction = { primary_symptoms: [complaint], messages_read: messageCount };
  if (round > 1) yield step('EXTRACTION_ITERATION_INCREMENTED', { new_iteration: round });
  yield extractionStarted(round, messageCount);
  yield llmInitiated(decisionId);
  yield step('LLM_CALL_COMPLETED', {
    decision_id: decisionId,
    llm_provider: LLM_PROVIDER,
    decision_result: extraction,
    confidence: hundredths(random, 60, 99),
    latency_ms: integerBetween(random, 300, 4000),
    tokens_used: integerBetween(random, 200, 3000),
  });
  yield step('EXTRACTION_COMPLETED', {
    iteration: round,
    completeness: percent,
    nom_compliance: percent,
    missing_fields: missing,
    extraction_data: extraction,
  });
  yield step('COMPLETENESS_CALCULATED', {
    completeness_percentage: percent,
    missing_critical_fields: missing,
  });
  if (round < ROUNDS) return;
  yield step('EXTRACTION_PROCESS_COMPLETED', {
    final_extraction: extraction,
    total_iterations: round,
    final_completeness: percent,
    final_nom_compliance: percent,
  });
}

/** The last message comes twice and the second is deleted; the first message (after the sound check) is corrected. */
function* corrections(messages: readonly TranscriptMessage[]): Steps {
  const [first, last] = [messages[0], messages.at(-1)];
  if (first === undefined || last === undefined) return;
  yield received(last);
  yield { type: 'MESSAGE_DELETED', payload: (ids) => ({ message_id: ids.at(-1) as string }) };
  const updated_content = `${first.text} (corrected)`;
  yield { type: 'MESSAGE_UPDATED', payload: (ids) => ({ message_id: ids[1] as string, updated_content }) };
}

function* clinicalData(complaint: string, random: Random): Steps {
  yield step('DEMOGRAPHICS_UPDATED', {
    age: integerBetween(random, 18, 90),
    gender: pickOne(random, ['male', 'female', 'other']),
    weight: integerBetween(random, 450, 1200) / 10,
  });
  yield step('SYMPTOMS_UPDATED', {
    primary_symptoms: [complaint],
    duration: `${integerBetween(random, 2, 20)} days`,
    severity: pickOne(random, ['mild', 'moderate', 'severe']),
  });
  yield step('CONTEXT_UPDATED', { medications: ['paracetamol'], allergies: ['penicillin'] });
}

function* urgency(complaint: string, random: Random): Steps {
  const gravity_score = integerBetween(random, 5, 9);
  const time_to_action = gravity_score > 7 ? 'urgent' : 'priority';
  const pattern_name = 'possible acute coronary syndrome';
  yield step('CRITICAL_PATTERN_DETECTED', {
    pattern_name,
    gravity_score,
    widow_maker_alert: gravity_score > 8,
    symptoms_matched: [complaint],
    critical_differentials: ['myocardial infarction', 'aortic dissection'],
    time_to_action,
  });
  yield step('URGENCY_CLASSIFIED', {
    urgency_level: gravity_score > 7 ? 'high' : 'medium',
    gravity_score,
    time_to_action,
    identified_patterns: [pattern_name],
    risk_factors: ['hypertension'],
    immediate_actions: ['12-lead ECG'],
  });
}

const SECTIONS = ['subjective', 'objective', 'assessment', 'plan'] as const;
type Note = Record<(typeof SECTIONS)[number], string>;

/** A note has a line for each section when it is synthetic; any other is cut into quarters, which no reader minds. */
function noteSections(note: string): Note {
  const lines = note.split('\n').filter((line) => line.trim() !== '');
  const perSection = Math.max(1, Math.ceil(lines.length / SECTIONS.length));
  const sectionAt = (index: number): string =>
    lines.slice(index * perSection, (index + 1) * perSection).join('\n') || 'Nothing to note.';
  return {
    subjective: sectionAt(0),
    objective: sectionAt(1),
    assessment: sectionAt(2),
    plan: sectionAt(3),
  };
}

function* noteGeneration(note: Note, random: Random): Steps {
  const started = { extraction_completeness: 92, nom_compliance: 92 };
  yield step('SOAP_GENERATION_STARTED', started);
  yield step('SOAP_GENERATION_FAILED', {
    error_message: 'The model did not answer in time.',
    partial_soap: { subjective: note.subjective },
  });
  yield step('SOAP_GENERATION_STARTED', started);
  for (const section_name of SECTIONS) {
    const confidence = hundredths(random, 70, 99);
    yield step('SOAP_SECTION_COMPLETED', { section_name, section_content: note[section_name], confidence });
  }
  yield step('SOAP_GENERATION_COMPLETED', { soap_data: note, quality_score: 0.9, ready_for_commit: true });
}

function* commit(note: Note): Steps {
  yield step('AUDIT_ENTRY_CREATED', {
    audit_entries: [
      {
        timestamp: '2025-11-20T12:00:00.000Z',
        level: 'info',
        message: 'The note was read.',
        context: { by: CLINICIAN_ID },
      },
    ],
  });
  yield step('CONSULTATION_COMMITTED', {
    soap_data: note,
    committed_by: CLINICIAN_ID,
    commit_hash: hash('sha256', canonicalJson(note), 'hex'),
    quality_score: 0.9,
    completeness: 92,
    nom_compliance: 92,
  });
  yield step('ADDENDUM_ADDED', {
    text: 'The result that was awaited is normal.',
    author: CLINICIAN_ID,
    reason: 'It came after the commit.',
  });
}

/** A share of one with two decimals, between two whole percentages. */
function hundredths(random: Random, minPercent: number, maxPercent: number): number {
  return integerBetween(random, minPercent, maxPercent) / 100;
}
