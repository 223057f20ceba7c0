import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { appendDocuments } from '../../bench/json/documents.js';
import { passageOf, STEPS } from '../../bench/json/payload-path.js';
import { smokeResult } from './smoke.js';

const CONTEXT = {
  size: 'smoke',
  seed: 1,
  corpus: [],
  own: {},
  directory: '',
  progress: () => undefined,
} as const;

test('both forms of a step give the same, and the plain one copies no less', async (t) => {
  const fd = openSync('/dev/null', 'w');
  t.after(() => closeSync(fd));
  const [messages, mixed] = await appendDocuments(CONTEXT);
  const texts = [...(messages?.texts.slice(0, 20) ?? []), ...(mixed?.texts.slice(0, 100) ?? [])];
  for (const passage of texts.map((text) => passageOf(text, 120, fd))) {
    for (const { name, copied, run, plain } of STEPS) {
      if (plain === undefined) continue;
      assert.ok(plain.copied(passage) >= copied(passage), name);
      const [as, plainly] = [run?.(passage), plain.run(passage)];
      // Links and blocks of the plain form have other heads.
      if (Buffer.isBuffer(as)) assert.equal((plainly as Buffer).length, as.length, name);
      else assert.deepEqual(plainly, as, name);
    }
  }
});

test('the JSON benchmark times every way on the same documents, and every step of the path', async (t) => {
  const { cases, derived, tables } = await smokeResult(t, 'json');
  for (const { name, validity, measures } of cases) {
    assert.equal(validity.status, 'valid', `${name}: ${validity.reasons.join()}`);
    assert.ok(Object.keys(measures).length > 0, name);
  }
  const parsers = cases.filter(({ parameters }) => parameters.what === 'parse');
  assert.equal(parsers.length, 9);
  const steps = cases.filter(({ parameters }) => parameters.what === 'path');
  assert.deepEqual(
    steps.map(({ parameters }) => parameters.step),
    STEPS.map(({ name }) => name),
  );
  const body = steps[0]?.measures.body;
  assert.ok(body?.kind === 'scalar');
  // It is gathered, decoded, parsed, made canonical, encoded and written: each at least most of the payload.
  assert.ok((derived.path_copied?.value ?? 0) > 3 * body.value);
  assert.ok((derived.path_copied_plainly?.value ?? 0) > (derived.path_copied?.value ?? 0));
  assert.equal(tables[0]?.rows.length, STEPS.length + 1);
});
