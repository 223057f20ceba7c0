/** The benchmarks on the harness, in the order they are run and reported; each is `bench/<name>.bench.ts`. */
export const BENCHMARKS = [
  'append',
  'overload',
  'stream',
  'growth',
  'compression',
  'timers',
  'peers',
  'workers',
  'event-loop',
  'background',
  'json',
  'memory',
] as const;
