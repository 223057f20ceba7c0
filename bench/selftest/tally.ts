/** What came of many comparisons of which the right outcome is known, as a row of figures. */
import type { Stage } from '../../src/ops/stage-timers.js';
import type { CaseOutcome } from '../harness/benchmark.js';
import { median, medianOf, scalar } from '../harness/measures.js';
import type { Parameters } from '../harness/result.js';
import type { Comparison } from '../verdicts/comparison.js';

/** One kind of comparison: which stage was slower, by which share of its time; 0 is A against A. */
export interface Kind {
  name: string;
  stage: Stage;
  share: number;
}

/** The row. `secondsEach` is how long one of them takes. */
export function tally(
  { name, stage, share }: Kind,
  comparisons: readonly Comparison[],
  secondsEach: number,
  parameters: Parameters,
): CaseOutcome {
  const shareOf = (is: (comparison: Comparison) => boolean): number =>
    comparisons.filter(is).length / comparisons.length;
  const ratios = comparisons.flatMap(({ figures }) =>
    figures.filter((figure) => figure.name === stage).map(({ ratio }) => ratio),
  );
  const effects = comparisons.map(({ figures }) =>
    Math.max(...figures.map(({ smallestEffect }) => smallestEffect)),
  );
  const known = { ratio: medianOf(ratios, ''), smallest_effect: scalar(median(effects), '') };
  return {
    name,
    parameters: { ...parameters, stage, share, runs: comparisons.length },
    durability: 'fsync',
    invalid: [],
    measures: {
      failed: scalar(
        shareOf(({ verdict }) => verdict === 'fail'),
        '',
      ),
      blamed_right: scalar(
        shareOf(({ blamed }) => blamed === stage),
        '',
      ),
      inconclusive: scalar(
        shareOf(({ verdict }) => verdict === 'inconclusive'),
        '',
      ),
      // A comparison that ends before its first look knows nothing of either.
      ...Object.fromEntries(Object.entries(known).filter(([, { value }]) => Number.isFinite(value))),
      samples: scalar(median(comparisons.map(({ samples }) => samples)), 'samples'),
      comparison: scalar(secondsEach, 's'),
    },
  };
}
