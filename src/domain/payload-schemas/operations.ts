/** Payloads of the events that record how the answers came about: model calls, the audit trail, the front end. */
import { Type } from '../schema.js';
import {
  anyJson,
  anyText,
  coreId,
  count,
  fraction,
  oneOf,
  openObject,
  optional,
  payload,
  text,
} from './fields.js';

const decisionId = () => text('The decision that the call serves; the same in all events of one call.');
const llmProvider = () => text('Who runs the model.');

export const LLM_SCHEMAS = {
  LLM_CALL_INITIATED: payload(
    'A language model is asked.',
    {
      decision_id: decisionId(),
      llm_provider: llmProvider(),
      query_text: anyText('What it is asked.'),
      agent_name: optional(text('The role that asks.')),
    },
    {
      decision_id: 'decision-42',
      llm_provider: 'example-llm',
      query_text: 'Which diagnoses must be ruled out?',
      agent_name: 'triage',
    },
  ),
  LLM_CALL_COMPLETED: payload(
    'A language model answered.',
    {
      decision_id: decisionId(),
      llm_provider: llmProvider(),
      decision_result: anyJson('The answer; any JSON value.'),
      confidence: fraction('How sure the answer is, 0 to 1.'),
      latency_ms: Type.Number({ minimum: 0, description: 'How long it took, in milliseconds.' }),
      tokens_used: optional(count('How many tokens it cost.')),
    },
    {
      decision_id: 'decision-42',
      llm_provider: 'example-llm',
      decision_result: { differentials: ['myocardial infarction', 'aortic dissection'] },
      confidence: 0.81,
      latency_ms: 1840,
      tokens_used: 912,
    },
  ),
  LLM_CALL_FAILED: payload(
    'A language model did not answer.',
    {
      decision_id: decisionId(),
      error_message: anyText('What went wrong.'),
      retry_count: count('How often it was tried again.'),
    },
    { decision_id: 'decision-42', error_message: 'Rate limit reached.', retry_count: 3 },
  ),
};

const auditEntry = Type.Object(
  {
    timestamp: Type.String({ format: 'date-time', description: 'When it happened (RFC 3339).' }),
    level: oneOf(['info', 'warning', 'critical'], 'How much it matters.'),
    message: text('What happened.'),
    context: openObject('What belongs to it.'),
  },
  { additionalProperties: true, description: 'One entry.' },
);

export const SYSTEM_SCHEMAS = {
  AUDIT_ENTRY_CREATED: payload(
    'Entries for the audit trail. They are accepted after a commit too.',
    { audit_entries: Type.Array(auditEntry, { minItems: 1, description: 'The entries, oldest first.' }) },
    {
      audit_entries: [
        {
          timestamp: '2025-11-20T15:04:05.120Z',
          level: 'info',
          message: 'The note was opened.',
          context: { user: 'dr-ana-lopez' },
        },
      ],
    },
  ),
  CORE_STATE_CHANGED: payload(
    'A reasoning core of the front end became busy or idle.',
    { core_id: coreId(), is_loading: Type.Boolean({ description: 'Whether it is busy.' }) },
    { core_id: 'dashboard', is_loading: true },
  ),
  CORE_ERROR_OCCURRED: payload(
    'A reasoning core of the front end failed.',
    { core_id: coreId(), error_message: anyText('What went wrong.') },
    { core_id: 'dashboard', error_message: 'The connection was lost.' },
  ),
};
