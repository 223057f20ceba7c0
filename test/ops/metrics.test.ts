import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics, joinedMetrics, LATENCY_BOUNDS, type Metrics } from '../../src/ops/metrics.js';
import { createStageTimers, STAGES, type StageTimers } from '../../src/ops/stage-timers.js';

function figures(): { metrics: Metrics; timers: StageTimers; state: { appended: number; waiting: number } } {
  const timers = createStageTimers();
  const state = { appended: 0, waiting: 0 };
  const metrics = createMetrics({
    timers,
    appendedEvents: () => state.appended,
    queue: () => ({
      events: state.waiting,
      eventsMax: 8,
      bytes: 100,
      bytesMax: 1000,
      ageMs: 250,
      received: { critical: 3, routine: 40 },
      accepted: { critical: 3, routine: 30 },
      dropped: { critical: { full: 0, late: 0 }, routine: { full: 4, late: 6 } },
    }),
  });
  return { metrics, timers, state };
}

test('exports each stage as a Prometheus histogram: cumulative, ending in +Inf, with sum and count', async () => {
  const { metrics, timers } = figures();
  for (const ms of [0.01, 0.2, 3, 3, 20_000]) timers.recordMs('persist', ms);
  const text = await metrics.text();
  assert.match(text, /^# TYPE fi_ingest_latency_seconds histogram$/m);
  for (const stage of STAGES) {
    const buckets = [...text.matchAll(new RegExp(`_bucket\\{le="([^"]+)",stage="${stage}"\\} (\\d+)`, 'g'))];
    assert.deepEqual(
      buckets.map(([, le]) => le),
      [...LATENCY_BOUNDS.map(String), '+Inf'],
    );
    const counts = buckets.map(([, , count]) => Number(count));
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  }
  assert.match(text, /_bucket\{le="0.00005",stage="persist"\} 1\n/);
  assert.match(text, /_bucket\{le="0.005",stage="persist"\} 4\n/);
  assert.match(text, /_bucket\{le="10",stage="persist"\} 4\n/);
  assert.match(text, /_bucket\{le="\+Inf",stage="persist"\} 5\n/);
  assert.match(text, /_count\{stage="persist"\} 5\n/);
  assert.ok(Math.abs(Number(/_sum\{stage="persist"\} (\S+)/.exec(text)?.[1]) - 20.00621) < 1e-9);
});

test('reads the events and the queue at the time it is asked', async () => {
  const { metrics, state } = figures();
  assert.match(await metrics.text(), /^fi_events_appended_total 0$/m);
  Object.assign(state, { appended: 41, waiting: 5 });
  await metrics.text();
  const text = await metrics.text();
  assert.match(text, /^fi_events_appended_total 41$/m);
  assert.match(text, /^fi_buffer_size 5$/m);
});

test('shows what became of requests by priority, and the age of the queue', async () => {
  const { metrics } = figures();
  await metrics.text();
  const text = await metrics.text();
  assert.match(text, /^fi_queue_age_seconds 0\.25$/m);
  assert.match(text, /^fi_requests_received_total\{priority="critical"\} 3$/m);
  assert.match(text, /^fi_requests_accepted_total\{priority="routine"\} 30$/m);
  assert.match(text, /^fi_requests_dropped_total\{priority="routine",reason="late"\} 6$/m);
});

test('counts the refusals of storage by their code', async () => {
  const { metrics } = figures();
  metrics.countPersistError('STORAGE_FULL');
  metrics.countPersistError('STORAGE_FULL');
  assert.match(await metrics.text(), /^fi_persist_errors_total\{error_type="STORAGE_FULL"\} 2$/m);
});

test('gives the same as JSON, with percentiles of each timed stage and the queue', async () => {
  const { metrics, timers, state } = figures();
  timers.recordMs('total', 8);
  Object.assign(state, { appended: 1, waiting: 2 });
  metrics.countPersistError('LOG_UNAVAILABLE');
  const json = await metrics.json();
  assert.deepEqual(json.fi_persist_errors_total, [{ error_type: 'LOG_UNAVAILABLE', value: 1 }]);
  assert.equal(json.fi_events_appended_total, 1);
  assert.equal(json.fi_buffer_size, 2);
  assert.deepEqual(json.queue, {
    events: 2,
    events_max: 8,
    bytes: 100,
    bytes_max: 1000,
    age_seconds: 0.25,
    received: { critical: 3, routine: 40 },
    accepted: { critical: 3, routine: 30 },
    dropped: { critical: { full: 0, late: 0 }, routine: { full: 4, late: 6 } },
  });
  const stages = json.fi_ingest_latency_seconds as Record<string, Record<string, number>>;
  assert.deepEqual(Object.keys(stages), [...STAGES]);
  assert.deepEqual(Object.keys(stages.total ?? {}), ['p50', 'p95', 'p99', 'mean', 'count']);
  assert.ok(Math.abs((stages.total?.p99 ?? 0) - 0.008) < 0.00001);
  assert.ok((json.process_resident_memory_bytes as number) > 0);
});

test('joins the figures of several processes: counts as sums, ages as the greatest, percentiles of all', async () => {
  const [one, other] = [figures(), figures()];
  one.state.appended = 5;
  one.timers.recordMs('persist', 1);
  other.timers.recordMs('persist', 3);
  const processes = JSON.parse(JSON.stringify([await one.metrics.figures(), await other.metrics.figures()]));
  const common = { fi_workers: { help: 'Workers.', value: 2 } };
  const text = await joinedMetrics(processes, common).text();
  for (const line of [
    'fi_events_appended_total 5',
    'fi_queue_age_seconds 0.25',
    'fi_requests_received_total{priority="routine"} 80',
    'fi_ingest_latency_seconds_count{stage="persist"} 2',
    'fi_ingest_latency_seconds_bucket{le="0.0025",stage="persist"} 1',
    'fi_workers 2',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  const json = (await joinedMetrics(processes, common).json()) as {
    fi_ingest_latency_seconds: { persist: { count: number; p99: number } };
    queue: { events_max: number; age_seconds: number; dropped: { routine: { full: number } } };
    fi_workers: number;
  };
  const { count, p99 } = json.fi_ingest_latency_seconds.persist;
  assert.equal(count, 2);
  assert.ok(Math.abs(p99 - 0.003) < 0.00001);
  assert.equal(json.queue.events_max, 16);
  assert.equal(json.queue.age_seconds, 0.25);
  assert.equal(json.queue.dropped.routine.full, 8);
  assert.equal(json.fi_workers, 2);
});
