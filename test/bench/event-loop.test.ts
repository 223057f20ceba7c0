import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LoopWatch } from '../../bench/event-loop/loop-watch.js';
import { smokeResult } from './smoke.js';

test('a loop that is held counts as late for every millisecond of it', async () => {
  const watch = new LoopWatch();
  await delay(5);
  const until = performance.now() + 60;
  while (performance.now() < until);
  await delay(5);
  const { loop_delay: watched, loop_utilisation: busy } = watch.stop();
  assert.ok(watched.kind === 'latency' && busy.kind === 'scalar');
  assert.ok((watched.corrected?.max ?? 0) >= 50_000);
  assert.ok((watched.corrected?.count ?? 0) >= 50, 'ticks that were due meanwhile count');
  assert.ok(watched.uncorrected.count < (watched.corrected?.count ?? 0));
  assert.ok(busy.value > 0.3);
});

test('the event-loop benchmark watches the loop in every case, and says which runtimes are missing', async (t) => {
  const { cases, charts, findings } = await smokeResult(t, 'event-loop');
  for (const { name, parameters, validity, measures } of cases) {
    assert.notEqual(validity.status, 'invalid', `${name}: ${validity.reasons.join()}`);
    if (validity.status === 'skipped') continue;
    if (parameters.kind === 'runtime') assert.ok(measures.waits, name);
    else assert.ok(measures.loop_delay?.kind === 'latency' && measures.loop_utilisation, name);
  }
  const places = cases.filter(({ parameters }) => parameters.kind === 'hdf5');
  assert.deepEqual(
    places.map(({ parameters }) => parameters.where),
    ['nowhere', 'worker', 'main'],
  );
  for (const { measures, parameters } of places) {
    assert.equal(measures.hdf5 !== undefined, parameters.where !== 'nowhere');
  }
  assert.deepEqual(
    charts[0]?.series[0]?.points.map(({ x }) => x),
    ['nowhere', 'worker', 'main'],
  );
  for (const runtime of ['node', 'bun', 'deno']) {
    assert.ok(
      findings.some((finding) => finding.includes(runtime)),
      runtime,
    );
  }
});
