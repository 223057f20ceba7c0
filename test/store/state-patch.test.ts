import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyPatch, type Operation } from 'rfc6902';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import { foldEvents } from '../../src/domain/fold.js';
import { statePatch } from '../../src/store/state-patch.js';
import { buildConsultation } from '../domain/consultation-builder.js';
import { testSeed } from '../domain/test-seed.js';

const START = foldEvents(buildConsultation([])).state;

function operationsOf(before: ConsultationState, after: ConsultationState): Operation[] {
  const steps = statePatch(before, after);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value.map((json) => JSON.parse(json) as Operation);
  }
}

/** A body with such a key is refused (FORBIDDEN_KEY), so no state has one. */
const isStored = (value: unknown): boolean => !JSON.stringify(value).includes('__proto__');
const json = fc.jsonValue({ maxDepth: 3 }).filter(isStored);
const object = fc.dictionary(fc.string(), json).filter(isStored);
/** Members of a state that are lists, objects or nothing, with whatever JSON in them. */
const stateArbitrary = fc
  .record({
    messages: fc.array(json, { maxLength: 250, size: 'max' }),
    alerts: fc.array(object),
    symptoms: fc.option(object),
    patient_data: object,
    completeness: fc.nat(100),
  })
  .map((members) => ({ ...START, ...members }) as unknown as ConsultationState);

test('makes a patch that makes one state of the other, as another implementation applies it', (t) => {
  fc.assert(
    fc.property(stateArbitrary, stateArbitrary, (before, after) => {
      const [from, to] = JSON.parse(JSON.stringify([before, after])) as [
        ConsultationState,
        ConsultationState,
      ];
      const patched = structuredClone(from);
      const errors = applyPatch(patched, operationsOf(from, to));
      assert.deepEqual(
        errors.filter((error) => error !== null),
        [],
      );
      assert.deepEqual(JSON.parse(JSON.stringify(patched)), to);
    }),
    { seed: testSeed(t), numRuns: 100 },
  );
});

test('says one thing of one message that changed among many, and nothing of none', () => {
  const messages = Array.from({ length: 1000 }, (_, index) => ({ message_id: `${index}`, content: 'a/b~c' }));
  const state = { ...START, messages } as unknown as ConsultationState;
  assert.deepEqual(operationsOf(state, structuredClone(state)), []);
  const edited = structuredClone(state);
  Object.assign(edited.messages[537] as object, { content: 'new' });
  assert.deepEqual(operationsOf(state, edited), [
    { op: 'replace', path: '/messages/537/content', value: 'new' },
  ]);
});
