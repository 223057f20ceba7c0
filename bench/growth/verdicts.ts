/** What the growth benchmark promises, and whether a run kept it. */
import type { StageResult } from './measure-stage.js';

/** A budget and what was measured; `isMet` is undefined where it could not be measured. */
export interface Verdict {
  what: string;
  measured: string;
  budget: string;
  isMet: boolean | undefined;
}

/** How a figure changes with each tenfold of events: the slope of a straight line over log10(events). */
export interface Slope {
  what: string;
  unit: string;
  perTenfold: number;
}

const START_MS_MAX = 1500;
const RESIDENT_MIB_MAX = 250;
const APPEND_P95_RATIO_MAX = 1.15;
const STATE_MS_MAX = { 100: 2, 5000: 25 } as const;

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
};

export const medianStartMs = ({ starts }: StageResult): number =>
  median(starts.map(({ startMs }) => startMs));

/** The budgets at one size, usually the largest. */
export function verdictsOf(stage: StageResult): Verdict[] {
  const { memoryAfterServing: memory, appends, states } = stage;
  const atMost = (what: string, value: number | undefined, max: number, unit: string): Verdict => ({
    what,
    measured: value === undefined ? 'not measured' : `${value.toFixed(2)} ${unit}`.trim(),
    budget: `at most ${max} ${unit}`.trim(),
    isMet: value === undefined ? undefined : value <= max,
  });
  return [
    atMost('start, from the process to listening (median)', medianStartMs(stage), START_MS_MAX, 'ms'),
    atMost('resident memory after serving', memory?.resident, RESIDENT_MIB_MAX, 'MiB'),
    atMost(
      'append p95 over that of an empty store (median of blocks)',
      median(appends.p95Ratios),
      APPEND_P95_RATIO_MAX,
      '',
    ),
    ...([100, 5000] as const).flatMap((length) => {
      const of = states[length];
      const max = STATE_MS_MAX[length];
      return [
        atMost(`state of ${length} events, read again, p50`, of?.again.p50, max, 'ms'),
        atMost(`state of ${length} events, after one more event, p50`, of?.changed.p50, max, 'ms'),
        atMost(`state of ${length} events, first read after a start, p50`, of?.fromSnapshot.p50, max, 'ms'),
      ];
    }),
  ];
}

/** Slopes over all sizes; none with fewer than two. */
export function slopesOf(stages: readonly StageResult[]): Slope[] {
  const slope = (what: string, unit: string, figure: (stage: StageResult) => number | undefined): Slope[] => {
    const points = stages.flatMap((stage) => {
      const value = figure(stage);
      return value === undefined ? [] : [[Math.log10(stage.events), value] as const];
    });
    return points.length < 2 ? [] : [{ what, unit, perTenfold: slopeThrough(points) }];
  };
  return [
    ...slope('start', 'ms', medianStartMs),
    ...slope('resident memory after serving', 'MiB', (stage) => stage.memoryAfterServing?.resident),
    ...slope('append p50 over an empty store', '', ({ appends }) => appends.filled.p50 / appends.empty.p50),
    ...slope('append p95 over an empty store', '', ({ appends }) => median(appends.p95Ratios)),
    ...slope('state of 100 events, read again, p50', 'ms', ({ states }) => states[100]?.again.p50),
    ...slope('state of 5000 events, read again, p50', 'ms', ({ states }) => states[5000]?.again.p50),
    ...slope('first page of 100 events, p50', 'ms', ({ pages }) => pages[100]?.first.p50),
  ];
}

/** Least squares. */
function slopeThrough(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
