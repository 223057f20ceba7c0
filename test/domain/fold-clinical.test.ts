/** What the events do to the clinical data, the note and the urgency; messages and resets are in fold.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/domain/event.js';
import { type EventSpec, eventId, examplePayload, timestamp } from './consultation-builder.js';
import { changeOf, stateAfter } from './fold-helpers.js';

describe('clinical data', () => {
  it('merge the demographics into the stub, fields that are not listed included', () => {
    const update: EventSpec = ['DEMOGRAPHICS_UPDATED', { age: 59, weight: 80, blood_type: 'A' }];
    assert.deepEqual(changeOf(update), {
      patient_data: { age: 59, patient_id: 'p-1', weight: 80, blood_type: 'A' },
    });
  });

  it('merge symptoms and context by field, the newest of each', () => {
    for (const [type, field] of [
      ['SYMPTOMS_UPDATED', 'symptoms'],
      ['CONTEXT_UPDATED', 'context'],
    ] as const) {
      const state = stateAfter([type, { a: ['x', 'y'], b: 1 }], [type, { a: ['z'], c: { d: 2 } }]);
      assert.deepEqual(state[field], { a: ['z'], b: 1, c: { d: 2 } });
    }
  });

  it('do not lose what is known to a null', () => {
    const update: EventSpec = ['CONTEXT_UPDATED', { allergies: null, medications: ['losartan'] }];
    assert.deepEqual(stateAfter(['CONTEXT_UPDATED', { allergies: ['penicillin'] }], update).context, {
      allergies: ['penicillin'],
      medications: ['losartan'],
    });
  });

  it('keep a field named __proto__ a field', () => {
    const payload = JSON.parse('{"age": 1, "__proto__": {"polluted": true}}');
    const { patient_data } = stateAfter(['DEMOGRAPHICS_UPDATED', payload]);
    assert.equal((patient_data as { polluted?: boolean }).polluted, undefined);
    assert.ok(Object.hasOwn(patient_data, '__proto__'));
  });

  it('set the completeness alone when it is calculated', () => {
    assert.deepEqual(changeOf(['COMPLETENESS_CALCULATED', examplePayload('COMPLETENESS_CALCULATED')]), {
      completeness: 85,
    });
  });
});

describe('extraction', () => {
  it('keeps the result, its round and its scores', () => {
    const payload: JsonObject = { ...examplePayload('EXTRACTION_COMPLETED'), iteration: 2 };
    assert.deepEqual(changeOf(['EXTRACTION_COMPLETED', payload]), {
      extraction_data: payload.extraction_data,
      extraction_iteration: 2,
      completeness: 62.5,
      nom_compliance: 55,
    });
  });

  it('counts its rounds', () => {
    assert.deepEqual(changeOf(['EXTRACTION_ITERATION_INCREMENTED', { new_iteration: 3 }]), {
      extraction_iteration: 3,
    });
  });

  it('keeps the final result and its scores', () => {
    const payload = examplePayload('EXTRACTION_PROCESS_COMPLETED');
    assert.deepEqual(changeOf(['EXTRACTION_PROCESS_COMPLETED', payload]), {
      extraction_data: payload.final_extraction,
      completeness: 88,
      nom_compliance: 92,
    });
  });
});

describe('the note', () => {
  const section = (section_name: string, section_content: string | JsonObject): EventSpec => [
    'SOAP_SECTION_COMPLETED',
    { section_name, section_content, confidence: 0.9 },
  ];

  it('grows by sections, the newest of each', () => {
    assert.deepEqual(
      stateAfter(section('plan', 'a'), section('objective', { bp: '150/90' }), section('plan', 'b'))
        .soap_note,
      { plan: 'b', objective: { bp: '150/90' } },
    );
  });

  it('is replaced as a whole, and its sections can still be', () => {
    const whole: EventSpec = [
      'SOAP_GENERATION_COMPLETED',
      { soap_data: { plan: 'w', extra: 1 }, quality_score: 1, ready_for_commit: true },
    ];
    assert.deepEqual(changeOf(section('objective', 'a'), whole), { soap_note: { plan: 'w', extra: 1 } });
    assert.deepEqual(stateAfter(whole, section('plan', 'v')).soap_note, { plan: 'v', extra: 1 });
  });

  it('is no partial one of a generation that failed', () => {
    const failed: EventSpec = ['SOAP_GENERATION_FAILED', { error_message: 'x', partial_soap: { plan: 'p' } }];
    assert.equal(stateAfter(failed).soap_note, null);
  });
});

describe('urgency', () => {
  it('is the newest classification', () => {
    const payload = examplePayload('URGENCY_CLASSIFIED');
    const lower = { ...payload, urgency_level: 'low', gravity_score: 2, not_listed: true };
    assert.deepEqual(changeOf(['URGENCY_CLASSIFIED', payload], ['URGENCY_CLASSIFIED', lower]), {
      urgency_assessment: lower,
    });
  });

  it('keeps each alert with the event that raised it', () => {
    const payload = { ...examplePayload('CRITICAL_PATTERN_DETECTED'), event_id: 'from elsewhere' };
    assert.deepEqual(
      stateAfter(['CRITICAL_PATTERN_DETECTED', payload], ['CRITICAL_PATTERN_DETECTED', payload]).alerts,
      [
        { ...payload, event_id: eventId(2), timestamp: timestamp(2) },
        { ...payload, event_id: eventId(3), timestamp: timestamp(3) },
      ],
    );
  });
});

describe('a commit', () => {
  const payload = examplePayload('CONSULTATION_COMMITTED');

  it('makes the note final with its hash and its scores', () => {
    assert.deepEqual(changeOf(['CONSULTATION_COMMITTED', payload]), {
      status: 'committed',
      is_committed: true,
      commit_hash: payload.commit_hash,
      soap_note: payload.soap_data,
      completeness: 95,
      nom_compliance: 97.5,
    });
  });

  it('is followed by addenda, each with its event', () => {
    const addendum = examplePayload('ADDENDUM_ADDED');
    assert.deepEqual(changeOf(['CONSULTATION_COMMITTED', payload], ['ADDENDUM_ADDED', addendum]), {
      addenda: [{ ...addendum, event_id: eventId(3), timestamp: timestamp(3) }],
    });
  });
});
