/**
 * The state of a consultation as JSON text, written and read in pieces, so that the state of a very long
 * consultation never holds the event loop.
 *
 * The text is plain JSON: an object with the state as its one member, which is what the API answers, so that what is
 * kept can be sent without a copy. Its messages come last, and each piece of the list starts on a line of its own; JSON has
 * no line breaks within strings, so the pieces can be told apart again without parsing the whole:
 *
 *   {"consultation":{"consultation_id":...,"messages":[
 *   {...},{...},
 *   {...}
 *   ]}}
 */
import type { ConsultationMessage, ConsultationState } from './consultation-state.js';
import { assert } from './errors.js';

/** Messages of one piece: about 100 KB of text, which is written or read in less than a millisecond. */
const PIECE_MESSAGES = 400;
const START = '{"consultation":';
const END = ']}}';
const LINE_BREAK = 0x0a;
const COMMA = 0x2c;

/** Yields the text piece by piece. The state must not change until the last one was taken. */
export function* stateTextPieces(state: ConsultationState): Generator<Buffer, void> {
  const { messages, ...rest } = state;
  yield Buffer.from(`${START}${JSON.stringify(rest).slice(0, -1)},"messages":[`);
  for (let start = 0; start < messages.length; start += PIECE_MESSAGES) {
    const end = Math.min(start + PIECE_MESSAGES, messages.length);
    const list = JSON.stringify(messages.slice(start, end)).slice(1, -1);
    yield Buffer.from(`\n${list}${end < messages.length ? ',' : ''}`);
  }
  yield Buffer.from(`\n${END}`);
}

/** Reads a text that `stateTextPieces` wrote: one piece a step, and then the state. */
export function* stateOfText(text: Buffer): Generator<undefined, ConsultationState> {
  const headEnd = text.indexOf(LINE_BREAK);
  assert(headEnd > 0, 'the text of a state has lines');
  const state = consultationIn(`${text.toString('utf8', 0, headEnd)}${END}`);
  const lastLine = text.lastIndexOf(LINE_BREAK);
  for (let start = headEnd + 1; start <= lastLine; ) {
    const end = text.indexOf(LINE_BREAK, start);
    const listEnd = text[end - 1] === COMMA ? end - 1 : end;
    const messages = JSON.parse(`[${text.toString('utf8', start, listEnd)}]`) as ConsultationMessage[];
    for (const message of messages) state.messages.push(message);
    start = end + 1;
    yield;
  }
  return state;
}

/** The state in a text, read whole. */
export function consultationIn(text: string): ConsultationState {
  return (JSON.parse(text) as { consultation: ConsultationState }).consultation;
}
