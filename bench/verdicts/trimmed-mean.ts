/**
 * The middle of figures from a machine that does other things as well: the mean of what is left without the
 * lowest and the highest fifth, so that a pause of the collector or of the disk in one of them moves nothing.
 */

const TRIMMED_SHARE = 0.2;

/** Where figures are, and how well that is known; in their unit. */
export interface Location {
  mean: number;
  standardError: number;
}

/**
 * The mean of the middle three fifths of ascending values, with its standard error from the winsorised variance
 * (Tukey and McLaughlin 1963, "Less vulnerable confidence and significance procedures for location").
 */
export function trimmedMean(ascending: Float64Array): Location {
  const count = ascending.length;
  const cut = Math.floor(TRIMMED_SHARE * count);
  const kept = count - 2 * cut;
  const [lowest, highest] = [ascending[cut] as number, ascending[count - cut - 1] as number];
  let sum = 0;
  for (let index = cut; index < count - cut; index += 1) sum += ascending[index] as number;
  // What was cut off counts as the last value that was kept.
  const winsorisedMean = (sum + cut * (lowest + highest)) / count;
  let squares = cut * ((lowest - winsorisedMean) ** 2 + (highest - winsorisedMean) ** 2);
  for (let index = cut; index < count - cut; index += 1) {
    squares += ((ascending[index] as number) - winsorisedMean) ** 2;
  }
  const deviation = Math.sqrt(squares / (count - 1));
  return { mean: sum / kept, standardError: deviation / ((1 - 2 * TRIMMED_SHARE) * Math.sqrt(count)) };
}
