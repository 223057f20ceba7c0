/** Two pieces of work that take turns, so that whatever else the machine does falls on both. */
import type { Random } from '../../src/domain/seeded-random.js';
import type { Sample } from './comparison.js';

/** Runs a block of work and gives its times, by figure, in any unit. */
export type Block = () => Promise<Sample>;

/**
 * Runs A B B A or B A A B, by chance, and gives the mean logarithm of B's times over A's. What drifts evenly meanwhile is in
 * both alike, and whoever goes first has no advantage in the long run. A figure that a block lacks is NaN.
 */
export async function takeTurns(
  { a, b }: { a: Block; b: Block },
  names: readonly string[],
  random: Random,
): Promise<Sample> {
  const isAFirst = random() < 0.5;
  const [outer, inner] = isAFirst ? [a, b] : [b, a];
  const blocks = [await outer(), await inner(), await inner(), await outer()] as const;
  const sign = isAFirst ? 1 : -1;
  const ratio = (name: string): number => {
    const [first, second, third, fourth] = blocks.map((times) => Math.log(times[name] ?? Number.NaN)) as [
      number,
      number,
      number,
      number,
    ];
    return (sign * (second + third - first - fourth)) / 2;
  };
  return Object.fromEntries(names.map((name) => [name, ratio(name)]));
}
