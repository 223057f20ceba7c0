import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import { foldEvents } from '../../src/domain/fold.js';
import { soapView } from '../../src/domain/soap.js';
import { buildConsultation, CONSULTATION_ID, examplePayload } from './consultation-builder.js';

const start = foldEvents(buildConsultation([])).state;

function isReady(change: Partial<ConsultationState>): boolean {
  const ready = { soap_note: { plan: 'rest' }, completeness: 80, nom_compliance: 90 };
  return soapView({ ...start, ...ready, ...change }).is_ready_for_commit;
}

describe('the view of the note', () => {
  it('shows the note, how complete it is and how urgent the case', () => {
    const urgency = examplePayload('URGENCY_CLASSIFIED');
    const events = buildConsultation([
      [
        'SOAP_GENERATION_COMPLETED',
        { soap_data: { plan: 'rest' }, quality_score: 1, ready_for_commit: true },
      ],
      ['URGENCY_CLASSIFIED', urgency],
      ['COMPLETENESS_CALCULATED', { completeness_percentage: 81, missing_critical_fields: [] }],
    ]);
    assert.deepEqual(soapView(foldEvents(events).state), {
      consultation_id: CONSULTATION_ID,
      soap_note: { plan: 'rest' },
      completeness: 81,
      urgency_assessment: urgency,
      is_ready_for_commit: false,
    });
  });

  it('is ready for commit from 80 % completeness and 90 % compliance on, with a note', () => {
    assert.equal(isReady({}), true);
    assert.equal(isReady({ completeness: 100, nom_compliance: 100 }), true);
    assert.equal(isReady({ completeness: 79.9 }), false);
    assert.equal(isReady({ nom_compliance: 89.9 }), false);
    assert.equal(isReady({ soap_note: null }), false);
    assert.equal(isReady({ soap_note: {} }), false);
  });

  it('is not ready at the start', () => {
    assert.equal(soapView(start).is_ready_for_commit, false);
  });
});
