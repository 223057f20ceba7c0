/** What follows from the rounds: those with something in the background, beside the quiet ones. */
import { atMost, type Summary } from '../harness/benchmark.js';
import { medianOf, scalar, scalarValue } from '../harness/measures.js';
import { type CaseResult, type Chart, honest, type Scalar } from '../harness/result.js';
import type { Background } from './loaded-service.js';

export const SERVICE_NAMES: Readonly<Record<Background, string>> = {
  nothing: 'nothing else to do',
  busy: 'processors busy with nothing',
  sealing: 'sealing all the time',
  verifying: 'verifying over and over',
};
/**
 * Half as long again is what somebody who appends would not notice at a millisecond or two, and what a second service
 * on the same two cores may well cost; work on the thread that answers would cost a multiple.
 */
const P50_RATIO_MAX = 1.5;
/** The seal worker, of which there is one at a time (docs/architecture.md). */
const SEALING_THREADS_MAX = 1;

/** Ratios, threads, checks and sentences. Invalid rows give none. */
export function summarise(cases: readonly CaseResult[]): Summary {
  const rowOf = (background: Background): CaseResult | undefined =>
    cases.find(
      ({ validity, parameters }) => validity.status === 'valid' && parameters.background === background,
    );
  const [quiet, busy] = [rowOf('nothing'), rowOf('busy')];
  const [sealing, verifying] = [rowOf('sealing'), rowOf('verifying')];
  const [sealingPeak, quietPeak] = [sealing, quiet].map((row) => scalarValue(row?.measures.threads_peak));
  const threadsMore =
    sealingPeak === undefined || quietPeak === undefined ? undefined : sealingPeak - quietPeak;
  const derived: Record<string, Scalar> = {
    ...ratios('sealing_over_quiet', sealing, quiet),
    ...ratios('verifying_over_quiet', verifying, quiet),
    ...ratios('busy_over_quiet', busy, quiet),
    ...ratios('verifying_over_busy', verifying, busy),
    ...(threadsMore === undefined ? {} : { sealing_threads_more: scalar(threadsMore, 'threads', 'lower') }),
  };
  return {
    derived,
    checks: [
      atMost(
        'median append while sealing, over that of the quiet service',
        derived.sealing_over_quiet_p50?.value,
        P50_RATIO_MAX,
      ),
      atMost(
        'median append while verifying, over that of the quiet service',
        derived.verifying_over_quiet_p50?.value,
        P50_RATIO_MAX,
      ),
      atMost('threads that sealing adds at its peak', threadsMore, SEALING_THREADS_MAX, 'threads'),
    ],
    findings: [quiet, sealing, verifying, busy].flatMap((row) =>
      row === undefined ? [] : [findingOf(row, derived)],
    ),
    charts: [chartOf(derived)],
  };
}

/** Of each percentile the median of its ratios by round, in which the two had the same machine. */
function ratios(
  name: string,
  row: CaseResult | undefined,
  than: CaseResult | undefined,
): Record<string, Scalar> {
  const result: Record<string, Scalar> = {};
  for (const percentile of ['p50', 'p95'] as const) {
    const [over, under] = [row, than].map((of) => of?.measures[`round_${percentile}`]);
    if (over?.kind !== 'scalar' || under?.kind !== 'scalar') continue;
    const rounds = over.rounds.map((value, index) => value / (under.rounds[index] ?? Number.NaN));
    result[`${name}_${percentile}`] = medianOf(rounds, '', 'lower');
  }
  return result;
}

function findingOf({ name, parameters, measures }: CaseResult, derived: Record<string, Scalar>): string {
  const { latency } = measures;
  const { p50 = null, p95 = null, p99 = null } = latency?.kind === 'latency' ? honest(latency) : {};
  const text = (value: number | null): string =>
    value === null ? 'too few samples' : `${(value / 1000).toFixed(2)} ms`;
  const number = (measure: string, digits = 0): string =>
    scalarValue(measures[measure])?.toFixed(digits) ?? 'unknown';
  const ratio = (percentile: string, than = 'quiet'): string =>
    derived[`${parameters.background}_over_${than}_${percentile}`]?.value.toFixed(2) ?? 'unknown';
  const beside =
    parameters.background === 'nothing'
      ? ''
      : ` (${ratio('p50')} and ${ratio('p95')} times the p50 and p95 of the quiet service)`;
  const counts: Readonly<Record<string, string>> = {
    sealing: `; ${number('segments_sealed')} segments were sealed, for a share of ${number('more_threads_share', 2)} of the time`,
    verifying: `; ${number('verifications')} verifications found no damage, with p50 and p95 ${ratio('p50', 'busy')} and ${ratio('p95', 'busy')} times those beside processors that are busy with nothing`,
  };
  return `At ${parameters.rate} appends/s, ${name}: p50 ${text(p50)}, p95 ${text(p95)}, p99 ${text(p99)} from when each was due${beside}, with ${number('cpu', 2)} cores, of which the main thread ${number('main_thread_cpu', 2)}, and threads at the peak: ${number('threads_peak')}${counts[String(parameters.background)] ?? ''}.`;
}

function chartOf(derived: Readonly<Record<string, Scalar>>): Chart {
  return {
    title: 'Latency of appends, over that of the quiet service',
    kind: 'bar',
    x: { label: 'percentile', unit: '', scale: 'linear' },
    y: { label: 'ratio', unit: '', scale: 'linear' },
    series: (['sealing', 'verifying', 'busy'] as const).flatMap((background) => {
      const points = ['p50', 'p95'].flatMap((x) => {
        const ratio = derived[`${background}_over_quiet_${x}`];
        if (ratio === undefined) return [];
        return [{ x, y: ratio.value, low: Math.min(...ratio.rounds), high: Math.max(...ratio.rounds) }];
      });
      return points.length === 0 ? [] : [{ name: `${SERVICE_NAMES[background]} (fsync)`, points }];
    }),
  };
}
