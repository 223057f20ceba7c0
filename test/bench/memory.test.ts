import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalarValue } from '../../bench/harness/measures.js';
import { fitLine, requestsThatFit } from '../../bench/memory/fit.js';
import { smokeResult } from './smoke.js';

test('a line through points that lie on one has their base and slope, and no error', () => {
  const fit = fitLine([0, 10, 50, 100].map((x) => [x, 80 + x / 4]));
  assert.ok(Math.abs(fit.base - 80) < 1e-9 && Math.abs(fit.perRequest - 0.25) < 1e-9);
  assert.ok(Math.abs(fit.explained - 1) < 1e-9);
  assert.ok(fit.residual < 1e-9 && fit.perRequestError < 1e-9);
  // 80 % of 512 MiB less the base of 80, by a quarter of a MiB each; the slope has an error of rounding.
  assert.ok([1317, 1318].includes(requestsThatFit(fit, 512)));
  assert.equal(requestsThatFit(fit, 64), 0);
});

test('a line allows for its own error, and says nothing where the slope may as well be none', () => {
  // Worked by hand: slope 1, residuals ±1 and ∓1, standard error sqrt(4/2/5) = 0.632.
  const noisy = fitLine([
    [0, 11],
    [1, 10],
    [2, 11],
    [3, 14],
  ]);
  assert.ok(Math.abs(noisy.perRequest - 1) < 1e-9 && Math.abs(noisy.base - 10) < 1e-9);
  assert.ok(Math.abs(noisy.perRequestError - Math.sqrt(0.4)) < 1e-9);
  // Squares of 4 are left of 9.
  assert.ok(Math.abs(noisy.explained - 5 / 9) < 1e-9);
  assert.equal(requestsThatFit(noisy, 512), Number.POSITIVE_INFINITY);
});

const skip = process.platform !== 'linux' && 'memory is read from /proc';

test('the memory benchmark measures every count with both kinds of bodies, and fits a line', {
  skip,
}, async (t) => {
  const { cases, derived, tables } = await smokeResult(t, 'memory');
  assert.deepEqual(
    cases.map(({ parameters }) => `${parameters.setup} ${parameters.in_flight}`),
    ['small 0', 'small 5', 'small 20', 'large 20', 'small_workers 5'],
  );
  for (const { name, validity, measures } of cases) {
    assert.equal(validity.status, 'valid', name);
    const [resident, anonymous] = [measures.resident, measures.anonymous].map(scalarValue);
    assert.ok((anonymous ?? 0) > 0 && (resident ?? 0) > (anonymous ?? 0), name);
  }
  const resident = (index: number): number => scalarValue(cases[index]?.measures.resident) ?? Number.NaN;
  assert.ok(resident(4) > resident(1), 'several processes take more than one');
  assert.ok((derived.base_small?.value ?? 0) > 0);
  assert.equal(tables[0]?.rows.length, 1, 'one place makes no line');
});
