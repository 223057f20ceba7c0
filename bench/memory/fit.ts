/** A straight line through measured memory, and what follows from it for a container. */
import { slopeThrough } from '../harness/measures.js';

export interface Fit {
  /** At none in flight, MiB. */
  base: number;
  /** For each in flight, MiB. */
  perRequest: number;
  /** Of `perRequest`: its standard error. */
  perRequestError: number;
  /** How far a point lies from the line, root mean square, MiB. */
  residual: number;
  /** The share of the differences between points that the line explains: R², 1 if all lie on it. */
  explained: number;
}

/** Least squares through points of (in flight, MiB); at least three of them, at two places or more. */
export function fitLine(points: readonly (readonly [inFlight: number, mebibytes: number])[]): Fit {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const perRequest = slopeThrough(points);
  const base = meanY - perRequest * meanX;
  const squares = points.reduce((sum, [x, y]) => sum + (y - base - perRequest * x) ** 2, 0);
  const total = points.reduce((sum, [, y]) => sum + (y - meanY) ** 2, 0);
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return {
    base,
    perRequest,
    perRequestError: Math.sqrt(squares / (points.length - 2) / spread),
    residual: Math.sqrt(squares / points.length),
    explained: total === 0 ? 1 : 1 - squares / total,
  };
}

/** Left free in a container, as a share: for what the kernel and the next collection of garbage need. */
export const LEFT_FREE = 0.2;

/**
 * Requests in flight that fit into so many MiB with the least favourable slope that the points allow (two standard
 * errors). 0 if the base does not fit; infinite if memory does not grow by more than its error.
 */
export function requestsThatFit({ base, perRequest, perRequestError }: Fit, mebibytes: number): number {
  const room = mebibytes * (1 - LEFT_FREE) - base;
  if (room < 0) return 0;
  // A slope that may as well be none says nothing about how many fit.
  if (perRequest <= 2 * perRequestError) return Number.POSITIVE_INFINITY;
  return Math.floor(room / (perRequest + 2 * perRequestError));
}
