/** Which events go before the others, and are shed last, when there is more to do than can be done. */
import type { Json } from './event.js';
import { limits } from './limits.js';

/** `critical`: what a patient's safety may hang on, and commits. `routine`: everything else. */
export type Priority = 'critical' | 'routine';

const ALWAYS_CRITICAL: ReadonlySet<unknown> = new Set([
  'CRITICAL_PATTERN_DETECTED',
  'CONSULTATION_COMMITTED',
]);
const CRITICAL_LEVELS: ReadonlySet<unknown> = new Set(['critical', 'high']);

/**
 * The priority of the body of a request, which was parsed but need not be valid: an event, or an array of
 * events, which is as critical as the most critical of them.
 */
export function priorityOf(body: Json): Priority {
  const isCritical = Array.isArray(body) ? body.some(isCriticalEvent) : isCriticalEvent(body);
  return isCritical ? 'critical' : 'routine';
}

function isCriticalEvent(event: Json): boolean {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return false;
  const { event_type: type, payload } = event;
  if (ALWAYS_CRITICAL.has(type)) return true;
  if (type !== 'URGENCY_CLASSIFIED' || typeof payload !== 'object' || payload === null) return false;
  return !Array.isArray(payload) && CRITICAL_LEVELS.has(payload.urgency_level);
}

/** An escape for an ASCII letter or an underscore, with which the name of a type could be written otherwise. */
const ESCAPED_LETTER = /\\u00[4-7]/;

/**
 * The priority of JSON in UTF-8 between two places of a buffer, without parsing what is plainly routine: a text
 * in which no critical type is named, not even in escapes, is of none. What names one is parsed, since it may name
 * it elsewhere than as its type, or, if it is large, believed.
 */
export function priorityOfBytes(bytes: Buffer, start = 0, end = bytes.length): Priority {
  const text = bytes.toString('latin1', start, end);
  const mayBeCritical =
    text.includes('CRITICAL_PATTERN_DETECTED') ||
    text.includes('URGENCY_CLASSIFIED') ||
    text.includes('CONSULTATION_COMMITTED') ||
    (text.includes('\\u00') && ESCAPED_LETTER.test(text));
  if (!mayBeCritical) return 'routine';
  // To parse a large one twice would hold the event loop too long; so few name a type that the room is there.
  if (end - start >= limits.largeBodyBytesMin) return 'critical';
  try {
    return priorityOf(JSON.parse(bytes.toString('utf8', start, end)));
  } catch {
    // No JSON at all: it is refused for that when its turn comes, which is no hurry.
    return 'routine';
  }
}
