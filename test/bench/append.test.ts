import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smokeResult } from './smoke.js';

test('the append benchmark shows what is durable beside what is not, and every stage of it', async (t) => {
  const { cases, derived, charts } = await smokeResult(t, 'append');
  const byName = new Map(cases.map((row) => [row.name, row]));
  const service = byName.get('service, closed loop, 16 connections');
  const ceiling = byName.get('ceiling, closed loop, 16 connections');
  assert.equal(service?.durability, 'fsync');
  assert.equal(ceiling?.durability, 'memory');
  for (const row of [service, ceiling]) assert.ok(row?.measures.throughput && row.measures.latency);
  const open = byName.get('service, 100 requests/s');
  assert.ok(open?.measures.latency?.kind === 'latency');
  const { corrected, uncorrected } = open.measures.latency;
  assert.equal(corrected?.count, 100);
  assert.equal(uncorrected.count, 100);
  assert.ok((corrected?.max ?? 0) >= (uncorrected.max ?? 0) * 0.99, 'waiting for a connection counts');
  for (const stage of ['ingest', 'segment', 'hash', 'persist', 'total']) {
    assert.ok(open.measures[`stage_${stage}_mean`], stage);
  }
  // A machine that is busy makes runs invalid; then there is no ratio, and that is right.
  if (service?.validity.status === 'valid' && ceiling?.validity.status === 'valid') {
    assert.ok((derived.ratio_to_ceiling_16?.value ?? 0) > 0);
  }
  assert.equal(charts.length, 2);
});
