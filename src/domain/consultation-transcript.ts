/** A consultation as words that were said: one line of the NDJSON files that can be imported. */
import type { Static } from 'typebox';
import { Type } from './schema.js';

/** One thing said. `at_ms` counts from the start of the consultation; further speakers have roles of their own. */
export const transcriptMessage = Type.Object({
  role: Type.String({ minLength: 1 }),
  text: Type.String(),
  at_ms: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type TranscriptMessage = Static<typeof transcriptMessage>;

/**
 * What was said, and the note that the clinician wrote about it. `section` names the part of a note that `note`
 * is, when it is not a whole one. Fields beyond these are allowed.
 */
export const consultationTranscript = Type.Object({
  id: Type.String({ minLength: 1 }),
  source: Type.String({ minLength: 1 }),
  complaint: Type.Optional(Type.String()),
  section: Type.Optional(Type.String()),
  messages: Type.Array(transcriptMessage),
  note: Type.Optional(Type.String()),
});
export type ConsultationTranscript = Static<typeof consultationTranscript>;
