/** Payloads of the events of a consultation's life: its start, its messages, reset, commit and addenda. */
import {
  coreId,
  count,
  fraction,
  oneOf,
  openObject,
  optional,
  payload,
  percent,
  sha256Hex,
  text,
  uuidV7,
} from './fields.js';

const EXAMPLE_MESSAGE_ID = '019a1f0c-7c51-7a3e-9d42-6f0b8a5c1e27';

const messageId = () => uuidV7('The message: the event_id of the MESSAGE_RECEIVED that brought it.');

export const LIFECYCLE_SCHEMAS = {
  CONSULTATION_STARTED: payload(
    'A consultation begins. It is the first event, and the only one of its type.',
    {
      session_id: uuidV7('The session that the consultation belongs to.'),
      patient_stub: optional(
        openObject('What is known of the patient at the start; patient_data starts as this.'),
      ),
    },
    {
      session_id: '019a1f0c-7b10-7c44-8e19-3d5a0c9b7f61',
      patient_stub: { age: 58, gender: 'male' },
    },
  ),
  MESSAGE_RECEIVED: payload(
    'Somebody said something. The event_id becomes the id of the message.',
    {
      message_content: text('What was said.'),
      message_role: oneOf(['user', 'assistant'], 'Who said it.'),
      metadata: optional(openObject('What the front end wants kept with the message.')),
    },
    {
      message_content: 'My chest has felt tight since this morning, worse on the stairs.',
      message_role: 'user',
      metadata: { input: 'voice' },
    },
  ),
  MESSAGE_UPDATED: payload(
    'The content of a message is replaced; the old content stays in the history.',
    { message_id: messageId(), updated_content: text('The new content.') },
    {
      message_id: EXAMPLE_MESSAGE_ID,
      updated_content: 'My chest has felt tight since yesterday evening, worse on the stairs.',
    },
  ),
  MESSAGE_DELETED: payload(
    'A message is marked deleted; it stays in the list and in the history.',
    { message_id: messageId() },
    { message_id: EXAMPLE_MESSAGE_ID },
  ),
  MESSAGE_PROCESSED: payload(
    'A message is marked processed.',
    { message_id: messageId() },
    { message_id: EXAMPLE_MESSAGE_ID },
  ),
  MESSAGES_CLEARED: payload(
    'The list of messages is emptied; none of them can be named afterwards.',
    { core_id: coreId(), message_count_cleared: count('How many messages there were.') },
    { core_id: 'dashboard', message_count_cleared: 12 },
  ),
  CONSULTATION_RESET: payload(
    'The consultation goes back to its start state; its version goes on.',
    { core_id: optional(coreId()), reason: text('Why it was reset.') },
    { core_id: 'dashboard', reason: 'The recording belonged to another patient.' },
  ),
  CONSULTATION_COMMITTED: payload(
    'The note is final. Afterwards only ADDENDUM_ADDED and AUDIT_ENTRY_CREATED are accepted.',
    {
      soap_data: openObject('The final note.'),
      committed_by: text('Who answers for it.'),
      commit_hash: sha256Hex('SHA-256 of the UTF-8 bytes of soap_data in RFC 8785 form, in lower-case hex.'),
      quality_score: fraction('The quality of the note, 0 to 1.'),
      completeness: percent('How complete the note is, in percent.'),
      nom_compliance: percent('How far the note meets NOM-004-SSA3-2012, in percent.'),
    },
    {
      soap_data: {
        subjective: 'Chest tightness on exertion for one day.',
        objective: 'BP 150/90 mmHg, pulse 88/min.',
        assessment: 'Suspected unstable angina.',
        plan: 'ECG and troponin now; refer to cardiology.',
      },
      committed_by: 'dr-ana-lopez',
      commit_hash: 'f24ebe24da9679b71b1503c7404524c52dd05372766c6228426b213aaaee24f2',
      quality_score: 0.92,
      completeness: 95,
      nom_compliance: 97.5,
    },
  ),
  ADDENDUM_ADDED: payload(
    'Something is added to the note. It is the only change to a consultation after its commit.',
    {
      text: text('What is added.'),
      author: text('Who adds it.'),
      reason: optional(text('Why it is added.')),
    },
    {
      text: 'Troponin negative at 0 and 3 hours.',
      author: 'dr-ana-lopez',
      reason: 'The result arrived after the commit.',
    },
  ),
};
