/** Payloads of the events that extract clinical data from what was said, and of the data themselves. */
import { Type } from '../schema.js';
import {
  anyText,
  count,
  iteration,
  narrative,
  oneOf,
  openObject,
  optional,
  payload,
  percent,
  text,
  texts,
} from './fields.js';

const completeness = () => percent('How much of the wanted data is there, in percent.');
const nomCompliance = () => percent('How far the data meet NOM-004-SSA3-2012, in percent.');

const EXAMPLE_EXTRACTION = {
  demographics: { age: 58, gender: 'male' },
  symptoms: { primary_symptoms: ['chest tightness'], duration: '1 day', severity: 'moderate' },
};

/** The rounds of extraction. */
export const EXTRACTION_SCHEMAS = {
  EXTRACTION_STARTED: payload(
    'A round of extraction begins.',
    {
      iteration: iteration(),
      context_message_count: count('How many messages it reads.'),
      has_previous_extraction: Type.Boolean({ description: 'Whether it builds on an earlier round.' }),
    },
    { iteration: 1, context_message_count: 6, has_previous_extraction: false },
  ),
  EXTRACTION_COMPLETED: payload(
    'A round of extraction ended with a result.',
    {
      iteration: iteration(),
      completeness: completeness(),
      nom_compliance: nomCompliance(),
      missing_fields: texts('The fields that are still missing.'),
      extraction_data: openObject('All that was extracted.'),
    },
    {
      iteration: 1,
      completeness: 62.5,
      nom_compliance: 55,
      missing_fields: ['allergies', 'family_history'],
      extraction_data: EXAMPLE_EXTRACTION,
    },
  ),
  EXTRACTION_FAILED: payload(
    'A round of extraction ended without a result.',
    {
      iteration: iteration(),
      error_message: anyText('What went wrong.'),
      error_type: text('The kind of error.'),
    },
    { iteration: 2, error_message: 'The model did not answer in time.', error_type: 'timeout' },
  ),
  EXTRACTION_ITERATION_INCREMENTED: payload(
    'The next round of extraction is due.',
    { new_iteration: iteration('The round that is due, 1 to 5.') },
    { new_iteration: 2 },
  ),
  EXTRACTION_PROCESS_COMPLETED: payload(
    'No further round follows.',
    {
      final_extraction: openObject('All that was extracted.'),
      total_iterations: count('How many rounds there were.'),
      final_completeness: completeness(),
      final_nom_compliance: nomCompliance(),
    },
    {
      final_extraction: EXAMPLE_EXTRACTION,
      total_iterations: 3,
      final_completeness: 88,
      final_nom_compliance: 92,
    },
  ),
};

/** The data as they stand while the consultation goes on. */
export const CLINICAL_DATA_SCHEMAS = {
  DEMOGRAPHICS_UPDATED: payload(
    'Something is known of the patient. At least one of age, gender, weight, height and occupation.',
    {
      age: optional(Type.Integer({ minimum: 0, maximum: 150, description: 'Age in whole years.' })),
      gender: optional(oneOf(['male', 'female', 'other'], 'Gender.')),
      weight: optional(Type.Number({ exclusiveMinimum: 0, description: 'Weight in kg.' })),
      height: optional(Type.Number({ exclusiveMinimum: 0, description: 'Height in cm.' })),
      occupation: optional(text('What the patient works as.')),
    },
    { age: 58, gender: 'male', weight: 82.5, height: 174, occupation: 'bus driver' },
    ['age', 'gender', 'weight', 'height', 'occupation'],
  ),
  SYMPTOMS_UPDATED: payload(
    'Something is known of the symptoms.',
    {
      primary_symptoms: texts('The symptoms that the consultation is about.'),
      secondary_symptoms: narrative('Further symptoms.'),
      duration: optional(text('Since when or for how long, in words.')),
      severity: optional(oneOf(['mild', 'moderate', 'severe'], 'How severe they are.')),
      location: narrative('Where they are felt.'),
      quality: narrative('What they feel like.'),
      aggravating_factors: narrative('What makes them worse.'),
      relieving_factors: narrative('What makes them better.'),
    },
    {
      primary_symptoms: ['chest tightness'],
      secondary_symptoms: ['shortness of breath'],
      duration: '1 day',
      severity: 'moderate',
      location: 'behind the breastbone',
      aggravating_factors: ['climbing stairs'],
      relieving_factors: ['rest'],
    },
  ),
  CONTEXT_UPDATED: payload(
    'Something is known of the history. At least one of past_medical_history, family_history, medications, ' +
      'allergies and surgeries.',
    {
      past_medical_history: narrative('Earlier illnesses.'),
      family_history: narrative('Illnesses in the family.'),
      medications: narrative('What the patient takes.'),
      allergies: narrative('What the patient does not tolerate.'),
      surgeries: narrative('Operations.'),
    },
    {
      past_medical_history: ['hypertension'],
      family_history: 'Father had a heart attack at 61.',
      medications: [{ name: 'losartan', dose: '50 mg', frequency: 'once a day' }],
      allergies: ['penicillin'],
    },
    ['past_medical_history', 'family_history', 'medications', 'allergies', 'surgeries'],
  ),
  COMPLETENESS_CALCULATED: payload(
    'How complete the data are was calculated.',
    {
      completeness_percentage: completeness(),
      missing_critical_fields: texts('The indispensable fields that are still missing.'),
    },
    { completeness_percentage: 85, missing_critical_fields: ['allergies'] },
  ),
};
