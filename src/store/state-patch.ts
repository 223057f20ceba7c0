/** What changed between two states of a consultation, as JSON Patch (RFC 6902). */
import fastJsonPatch from 'fast-json-patch';
import type { ConsultationState } from '../domain/consultation-state.js';
import type { Json, JsonObject } from '../domain/event.js';

/** List items that are compared in one step: about 50 µs for messages. */
const SLICE_ITEMS = 100;

/**
 * The operations that make `after` of `before`, each as JSON text; a member, or a slice of a list, in each step.
 *
 * Lists are compared item by item: those of a state only grow, or are cleared.
 */
export function* statePatch(
  before: ConsultationState,
  after: ConsultationState,
): Generator<undefined, string[]> {
  const operations: string[] = [];
  for (const [name, value] of Object.entries(before) as [keyof ConsultationState, Json][]) {
    const now = after[name] as Json;
    const steps =
      Array.isArray(value) && Array.isArray(now)
        ? listPatch(name, value, now)
        : [valuePatch(name, value, now)];
    for (const step of steps) {
      operations.push(...step);
      yield;
    }
  }
  return operations;
}

function valuePatch(name: string, before: Json, after: Json): string[] {
  return patch({ [name]: before }, { [name]: after }, '');
}

function* listPatch(name: string, before: Json[], after: Json[]): Generator<string[]> {
  const common = Math.min(before.length, after.length);
  for (let start = 0; start < common; start += SLICE_ITEMS) {
    const end = Math.min(start + SLICE_ITEMS, common);
    const byIndex = (list: Json[]): JsonObject =>
      Object.fromEntries(list.slice(start, end).map((item, index) => [start + index, item]));
    yield patch(byIndex(before), byIndex(after), `/${name}`);
  }
  // The last first, so that the places of the others stay.
  for (let index = before.length - 1; index >= common; index -= 1) {
    yield [JSON.stringify({ op: 'remove', path: `/${name}/${index}` })];
  }
  for (let index = common; index < after.length; index += 1) {
    yield [JSON.stringify({ op: 'add', path: `/${name}/${index}`, value: after[index] })];
  }
}

/** The operations between two objects that stand at a path. */
function patch(before: JsonObject, after: JsonObject, at: string): string[] {
  const operations = fastJsonPatch.compare(before, after);
  return operations.map((operation) => JSON.stringify({ ...operation, path: `${at}${operation.path}` }));
}
