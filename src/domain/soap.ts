/** The SOAP note of a consultation, and whether it may be committed. */
import type { Static } from 'typebox';
import { type ConsultationState, ConsultationStateSchema } from './consultation-state.js';
import { Type } from './schema.js';

/** What a note needs to be ready for commit, in percent (docs/events.md). */
export const READY_FOR_COMMIT = { completenessPercentMin: 80, nomCompliancePercentMin: 90 } as const;

const { consultation_id, soap_note, completeness, urgency_assessment } = ConsultationStateSchema.properties;

export const SoapViewSchema = Type.Object({
  consultation_id,
  soap_note,
  completeness,
  urgency_assessment,
  is_ready_for_commit: Type.Boolean({
    description:
      `Whether a note is present, completeness is at least ${READY_FOR_COMMIT.completenessPercentMin} ` +
      `and nom_compliance at least ${READY_FOR_COMMIT.nomCompliancePercentMin}.`,
  }),
});
export type SoapView = Static<typeof SoapViewSchema>;

/** The note as the API shows it. A note without a single field counts as none. */
export function soapView(state: ConsultationState): SoapView {
  const isNotePresent = state.soap_note !== null && Object.keys(state.soap_note).length > 0;
  return {
    consultation_id: state.consultation_id,
    soap_note: state.soap_note,
    completeness: state.completeness,
    urgency_assessment: state.urgency_assessment,
    is_ready_for_commit:
      isNotePresent &&
      state.completeness >= READY_FOR_COMMIT.completenessPercentMin &&
      state.nom_compliance >= READY_FOR_COMMIT.nomCompliancePercentMin,
  };
}
