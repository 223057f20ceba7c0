/** Ways of doing the same, timed in turn on the same values, so that what else the machine does falls on all of them. */
import { medianOf, scalar } from '../harness/measures.js';
import type { Measure } from '../harness/result.js';

export interface Contestant<Input> {
  name: string;
  run(input: Input): unknown;
}

export interface ContestOptions {
  rounds: number;
  /** Of each contestant in each round. */
  sliceMs: number;
}

/** Keeps what was made, so that no compiler leaves the making of it out. */
export const sink: { last: unknown } = { last: undefined };

/** Microseconds an input, by contestant, in the order given. */
export function contest<Input>(
  contestants: readonly Contestant<Input>[],
  inputs: readonly Input[],
  { rounds, sliceMs }: ContestOptions,
): Map<string, number[]> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      const perInput = slice(contestant, inputs, sliceMs);
      // The first round is for the compiler.
      if (round >= 0) times.get(contestant.name)?.push(perInput);
    }
  }
  return times;
}

function slice<Input>({ run }: Contestant<Input>, inputs: readonly Input[], sliceMs: number): number {
  const started = performance.now();
  let done = 0;
  let now = started;
  while (now - started < sliceMs) {
    for (const input of inputs) sink.last = run(input);
    done += inputs.length;
    now = performance.now();
  }
  return ((now - started) * 1000) / done;
}

/** The measures of a contestant: time for each document, and bytes of its text a second. */
export function contestMeasures(perInputUs: readonly number[], bytes: number): Record<string, Measure> {
  return {
    time: medianOf(perInputUs, 'us', 'lower'),
    rate: medianOf(
      perInputUs.map((us) => bytes / us),
      'MB/s',
      'higher',
    ),
    document: scalar(bytes, 'B'),
  };
}
