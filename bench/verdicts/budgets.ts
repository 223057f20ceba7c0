/**
 * What the service may cost: bench/budgets.json, by this schema.
 *
 * A budget names a figure of a benchmark's result, the level of a warning and the level of a failure, who answers for
 * it, and why it is what it is. Figures of `comparison` are ratios between two commits.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { STAGES } from '../../src/ops/stage-timers.js';
import { ROOT } from '../harness/report.js';

const closed = { additionalProperties: false } as const;
const object = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, closed);
const Text = Type.String({ minLength: 1 });
const Stage = Type.Enum([...STAGES]);

const levels = {
  warn: Type.Number(),
  fail: Type.Number(),
  /** The folder whose code decides it. */
  owner: Text,
  reason: Text,
};

/** A figure over several cases. */
const DerivedSource = object({ benchmark: Text, derived: Text });
/** A figure of one row, in each of these cases. `value` is that of a scalar, the others are those of a latency. */
const CaseSource = object({
  benchmark: Text,
  cases: Type.Array(Text, { minItems: 1 }),
  measure: Text,
  figure: Type.Enum(['value', 'p50', 'p95', 'p99']),
});

export const Budget = object({
  id: Type.String({ pattern: '^[a-z0-9-]+$' }),
  what: Text,
  /** Given when it is a part of the latency budget. */
  stage: Type.Optional(Stage),
  percentile: Type.Optional(Type.Union([Type.Literal('p95'), Type.Literal('p99')])),
  /** `plan`: the profiling plan of the first implementation. `ours`: what this one promises. */
  origin: Type.Union([Type.Literal('plan'), Type.Literal('ours')]),
  of: Type.Union([DerivedSource, CaseSource]),
  /** Figures in µs may be limited in ms. Empty for ratios. */
  unit: Type.String(),
  limit: Type.Union([Type.Literal('at_most'), Type.Literal('at_least')]),
  /** The sizes of runs that it holds for. Only what a busy machine cannot break by chance holds for smoke. */
  sizes: Type.Array(Type.Union([Type.Literal('smoke'), Type.Literal('full')]), { minItems: 1 }),
  /**
   * Also of rows that must not be quoted: what it counts is what makes them so, or a generator that was late
   * flatters nothing in it.
   */
  counts_invalid: Type.Optional(Type.Literal(true)),
  ...levels,
});
export type Budget = Static<typeof Budget>;

/** How much slower a commit may be than another: ratios such as 1.05, of times. */
export const ComparisonBudget = object({ figure: Text, ...levels });
export type ComparisonBudget = Static<typeof ComparisonBudget>;

export const Budgets = object({
  schema_version: Type.Literal(1),
  budgets: Type.Array(Budget),
  comparison: Type.Array(ComparisonBudget),
});
export type Budgets = Static<typeof Budgets>;

export const BUDGETS_PATH = join(ROOT, 'bench', 'budgets.json');

/** Budgets that fit the schema and make sense. Throws an error that names the first that does not. */
export function checkedBudgets(value: unknown): Budgets {
  if (!Value.Check(Budgets, value)) {
    const [first] = Value.Errors(Budgets, value);
    throw new Error(`not budgets: ${first?.instancePath || '/'} ${first?.message}`);
  }
  const ids = new Set<string>();
  for (const { id, limit, warn, fail } of value.budgets) {
    if (ids.has(id)) throw new Error(`there are two budgets ${id}`);
    ids.add(id);
    if (limit === 'at_most' ? warn > fail : warn < fail) {
      throw new Error(`the budget ${id} would fail before it warns`);
    }
  }
  for (const { figure, warn, fail } of value.comparison) {
    if (!(warn >= 1 && fail > warn)) throw new Error(`the comparison of ${figure} has no sensible levels`);
  }
  return value;
}

/** Reads a file of budgets. Throws where it is missing, no JSON, or does not fit. */
export async function readBudgets(path = BUDGETS_PATH): Promise<Budgets> {
  return checkedBudgets(JSON.parse(await readFile(path, 'utf8')));
}
