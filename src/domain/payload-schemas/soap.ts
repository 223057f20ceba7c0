/** Payloads of the events that write the SOAP note, and of those that judge how urgent the case is. */
import type { JsonObject } from '../event.js';
import { Type } from '../schema.js';
import {
  anyText,
  entries,
  fraction,
  gravityScore,
  oneOf,
  openObject,
  optional,
  payload,
  percent,
  text,
  texts,
  timeToAction,
} from './fields.js';

export const SOAP_SCHEMAS = {
  SOAP_GENERATION_STARTED: payload(
    'The note is being written.',
    {
      extraction_completeness: percent('How complete the data it is written from are, in percent.'),
      nom_compliance: percent('How far those data meet NOM-004-SSA3-2012, in percent.'),
    },
    { extraction_completeness: 88, nom_compliance: 92 },
  ),
  SOAP_SECTION_COMPLETED: payload(
    'One section of the note is written.',
    {
      section_name: oneOf(['subjective', 'objective', 'assessment', 'plan'], 'The section.'),
      section_content: Type.Union([Type.String({ minLength: 1 }), openObject('A section in fields.')], {
        description: 'The section, as text or in fields.',
      }),
      confidence: fraction('How sure the writer is, 0 to 1.'),
    },
    {
      section_name: 'assessment',
      section_content: 'Suspected unstable angina.',
      confidence: 0.87,
    },
  ),
  SOAP_GENERATION_COMPLETED: payload(
    'The whole note is written.',
    {
      soap_data: openObject('The note.'),
      quality_score: fraction('The quality of the note, 0 to 1.'),
      ready_for_commit: Type.Boolean({ description: 'Whether its writer holds it ready for commit.' }),
    },
    {
      soap_data: {
        subjective: 'Chest tightness on exertion for one day.',
        objective: 'BP 150/90 mmHg, pulse 88/min.',
        assessment: 'Suspected unstable angina.',
        plan: 'ECG and troponin now; refer to cardiology.',
      },
      quality_score: 0.92,
      ready_for_commit: true,
    },
  ),
  SOAP_GENERATION_FAILED: payload(
    'The note could not be written. What there is of it stays in the history and is not the note.',
    {
      error_message: anyText('What went wrong.'),
      partial_soap: Type.Unsafe<JsonObject | null>({
        type: ['object', 'null'],
        additionalProperties: true,
        description: 'What was written before it failed, or null.',
      }),
    },
    { error_message: 'The model did not answer in time.', partial_soap: null },
  ),
};

export const URGENCY_SCHEMAS = {
  CRITICAL_PATTERN_DETECTED: payload(
    'A pattern that may threaten life was found.',
    {
      pattern_name: text('The pattern.'),
      gravity_score: gravityScore(),
      widow_maker_alert: Type.Boolean({ description: 'Whether it may kill within hours if missed.' }),
      symptoms_matched: texts('The symptoms that it was found by.'),
      critical_differentials: entries('The diagnoses that must be ruled out.'),
      time_to_action: timeToAction(),
    },
    {
      pattern_name: 'acute coronary syndrome',
      gravity_score: 9,
      widow_maker_alert: true,
      symptoms_matched: ['chest tightness', 'shortness of breath'],
      critical_differentials: ['myocardial infarction', 'aortic dissection'],
      time_to_action: 'immediate',
    },
  ),
  URGENCY_CLASSIFIED: payload(
    'How urgent the case is was decided.',
    {
      urgency_level: oneOf(['critical', 'high', 'medium', 'low'], 'How urgent it is.'),
      gravity_score: gravityScore(),
      time_to_action: timeToAction(),
      identified_patterns: entries('The patterns that the decision rests on.'),
      risk_factors: entries('What raises the risk.'),
      immediate_actions: optional(entries('What to do at once.')),
    },
    {
      urgency_level: 'critical',
      gravity_score: 9,
      time_to_action: 'immediate',
      identified_patterns: ['acute coronary syndrome'],
      risk_factors: ['hypertension', 'family history of heart attack'],
      immediate_actions: ['12-lead ECG', 'aspirin 300 mg'],
    },
  ),
};
