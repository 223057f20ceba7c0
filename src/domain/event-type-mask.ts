/** A set of event types as the bits of a number, so that a test for one costs nothing. */
import { assert } from './errors.js';
import { EVENT_TYPES, type EventType, eventTypeCode } from './event-types.js';

assert(EVENT_TYPES.length <= 31, 'the types fit the bits of a small integer');

/** Every type that this version knows. */
export const ALL_TYPES = 2 ** EVENT_TYPES.length - 1;

/** The bit of a stored type code. */
export function typeBit(typeCode: number): number {
  return 1 << (typeCode - 1);
}

/** The set of some types; of all when none are named. */
export function typeMask(types: readonly EventType[] = []): number {
  if (types.length === 0) return ALL_TYPES;
  return types.reduce((mask, type) => mask | typeBit(eventTypeCode(type)), 0);
}
