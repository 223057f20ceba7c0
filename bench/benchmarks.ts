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

/** Those in the report: the self-test takes half an hour, and is run by itself (`npm run bench:selftest`). */
export const REPORTED = [...BENCHMARKS, 'selftest'] as const;
