/** How two commits are compared: which figures, against which limits, and how often it is looked. */
import { STAGES, type Stage } from '../../src/ops/stage-timers.js';
import type { Budgets } from './budgets.js';
import type { ComparisonPlan } from './comparison.js';

/** The stages that the total is made of. */
export const PARTS: readonly Stage[] = STAGES.filter((stage) => stage !== 'total');
/** At most one comparison in a hundred of what is within its limits fails. */
export const ALPHA = 0.01;
/** Pairs of processes after which it is looked. Fewer than eight leave too little to draw from; more than the last take ten minutes. */
const PAIR_LOOKS = [8, 14, 24, 40, 64];

/** Of pairs of processes, by all figures that have a limit. */
export function pairPlan({ comparison }: Budgets): ComparisonPlan {
  const limits = Object.fromEntries(comparison.map(({ figure, warn, fail }) => [figure, { warn, fail }]));
  return { limits, stages: PARTS, looks: PAIR_LOOKS, alpha: ALPHA };
}

/** Of blocks of work in one process, by what the service times by itself. */
export function blockPlan(budgets: Budgets, looks: readonly number[]): ComparisonPlan {
  const { limits, ...plan } = pairPlan(budgets);
  const timed = Object.entries(limits).filter(([figure]) => STAGES.some((stage) => stage === figure));
  return { ...plan, limits: Object.fromEntries(timed), looks };
}
