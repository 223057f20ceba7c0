/**
 * What a benchmark leaves behind: one JSON document a run, of this shape and version.
 *
 * `bench/results/result.schema.json` is this schema, published; a test holds the two together. Names in a result are
 * snake_case, as everywhere in what others read. Whoever changes the shape raises SCHEMA_VERSION.
 */
import { readFile } from 'node:fs/promises';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';

export const SCHEMA_VERSION = 1;

const closed = { additionalProperties: false } as const;
const object = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, closed);
/** `null` where there is no figure: not measured here, or too few samples for it. */
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const Text = Type.String({ minLength: 1 });

/** How far an answer had got when it was given. Figures of different durability never share a column. */
export const Durability = Type.Union([Type.Literal('fsync'), Type.Literal('os'), Type.Literal('memory')], {
  description:
    'fsync: after fdatasync; os: after the write; memory: nothing is written, or nothing is answered for',
});
export type Durability = Static<typeof Durability>;

/** Percentiles in microseconds of one histogram; a percentile that fewer than 10 samples lie beyond is null. */
export const Percentiles = object({
  count: Type.Integer({ minimum: 0 }),
  mean: orNull(Type.Number()),
  p50: orNull(Type.Number()),
  p90: orNull(Type.Number()),
  p95: orNull(Type.Number()),
  p99: orNull(Type.Number()),
  p99_9: orNull(Type.Number()),
  max: orNull(Type.Number()),
  /** HdrHistogram V2, deflated, base64: the samples themselves, so that they can be added up and looked at again. */
  encoded_histogram: Type.String(),
});
export type Percentiles = Static<typeof Percentiles>;

export const Scalar = object({
  kind: Type.Literal('scalar'),
  value: Type.Number(),
  /** Empty for a ratio. */
  unit: Type.String(),
  better: orNull(Type.Union([Type.Literal('higher'), Type.Literal('lower')])),
  /** The rounds that `value` is the median of, in the order they were run; empty for a single figure. */
  rounds: Type.Array(Type.Number()),
});
export type Scalar = Static<typeof Scalar>;

export const Latency = object({
  kind: Type.Literal('latency'),
  unit: Type.Literal('us'),
  better: Type.Literal('lower'),
  /** From when a request was sent, or a piece of work was begun. */
  uncorrected: Percentiles,
  /** From when it was due at a fixed rate. Null where nothing was due: a closed loop has no intended starts. */
  corrected: orNull(Percentiles),
});
export type Latency = Static<typeof Latency>;

export const Measure = Type.Union([Scalar, Latency]);
export type Measure = Static<typeof Measure>;

export const Validity = object({
  /** Only figures of valid cases may be quoted or compared. `skipped`: this machine cannot run it. */
  status: Type.Union([Type.Literal('valid'), Type.Literal('invalid'), Type.Literal('skipped')]),
  reasons: Type.Array(Text),
});
export type Validity = Static<typeof Validity>;

export const Parameters = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
);
export type Parameters = Static<typeof Parameters>;

/** One row of figures. Several can come from one child process, which then ran them in turn. */
export const CaseResult = object({
  name: Text,
  /** The child process that it comes from: the name of its definition. */
  process: Text,
  parameters: Parameters,
  durability: Durability,
  validity: Validity,
  measures: Type.Record(Type.String(), Measure),
});
export type CaseResult = Static<typeof CaseResult>;

export const Point = object({
  x: Type.Union([Type.Number(), Type.String()]),
  y: Type.Number(),
  /** The range that `y` stands for, such as the least and the most of several rounds. */
  low: Type.Optional(Type.Number()),
  high: Type.Optional(Type.Number()),
});
const Axis = object({
  label: Text,
  unit: Type.String(),
  scale: Type.Union([Type.Literal('linear'), Type.Literal('log')]),
});
/** `line`: x are numbers. `bar`: x are names, and every series has all of them. */
export const Chart = object({
  title: Text,
  kind: Type.Union([Type.Literal('line'), Type.Literal('bar')]),
  x: Axis,
  y: Axis,
  series: Type.Array(object({ name: Text, points: Type.Array(Point) })),
});
export type Chart = Static<typeof Chart>;

/** A table made by the benchmark, beside those that the report makes of its cases. Cells are Markdown text. */
export const Table = object({
  title: Text,
  head: Type.Array(Type.String()),
  rows: Type.Array(Type.Array(Type.String())),
  note: Type.String(),
});
export type Table = Static<typeof Table>;

/** A limit that the benchmark itself has, such as on a slope. `kept` is null where it could not be decided. */
export const Check = object({
  what: Text,
  measured: orNull(Type.Number()),
  unit: Type.String(),
  at_most: orNull(Type.Number()),
  at_least: orNull(Type.Number()),
  kept: orNull(Type.Boolean()),
});
export type Check = Static<typeof Check>;

export const Calibration = object({
  /** SHA-256 of 1 KiB a second on one core. */
  sha256_per_second: Type.Number(),
  /** JSON.parse and JSON.stringify of one fixed document a second on one core. */
  json_per_second: Type.Number(),
  /** A write of 4 KiB and fdatasync, where the benchmark keeps its data. */
  fsync: Percentiles,
  /** 4 MiB writes without a sync, MB (10^6 bytes) a second. */
  write_mb_per_second: Type.Number(),
  /** Load averages of 1, 5 and 15 minutes. */
  load: Type.Array(Type.Number()),
});
export type Calibration = Static<typeof Calibration>;

export const Surroundings = object({
  started_at: Text,
  commit: object({ hash: Text, dirty: Type.Boolean() }),
  machine: object({
    cpu: Text,
    cores: Type.Integer({ minimum: 1 }),
    memory_bytes: Type.Integer({ minimum: 1 }),
    kernel: Text,
    os: Text,
    /** Of the directory that the benchmark keeps its data in. */
    file_system: Text,
    node: Text,
  }),
});
export type Surroundings = Static<typeof Surroundings>;

export const BenchmarkResult = object({
  schema_version: Type.Literal(SCHEMA_VERSION),
  benchmark: Text,
  title: Text,
  question: Text,
  command: Text,
  size: Type.Union([Type.Literal('smoke'), Type.Literal('full')]),
  seed: Type.Integer(),
  duration_seconds: Type.Number(),
  ...Surroundings.properties,
  /** What was set for this run: options of the command, and settings of the service that are not the default. */
  settings: Parameters,
  calibration: object({ before: Calibration, after: Calibration }),
  cases: Type.Array(CaseResult),
  /** Figures over several cases, such as a ratio or a slope, for budgets and comparisons. */
  derived: Type.Record(Type.String(), Scalar),
  checks: Type.Array(Check),
  /** Sentences, each made by a rule from the figures. */
  findings: Type.Array(Text),
  charts: Type.Array(Chart),
  tables: Type.Array(Table),
});
export type BenchmarkResult = Static<typeof BenchmarkResult>;

/** The JSON Schema as published. */
export function publishedSchema(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'fi-consult/bench/results/result.schema.json',
    title: 'Result of a fi-consult benchmark',
  };
  return `${JSON.stringify({ ...head, ...BenchmarkResult }, null, 2)}\n`;
}

/** A result that fits the schema. Throws an error that names the first place that does not. */
export function checkedResult(value: unknown): BenchmarkResult {
  if (Value.Check(BenchmarkResult, value)) return value;
  const [first] = Value.Errors(BenchmarkResult, value);
  throw new Error(`not a benchmark result: ${first?.instancePath || '/'} ${first?.message}`);
}

/** Reads a results file. Throws where it is missing, no JSON, or not of this version. */
export async function readResult(path: string): Promise<BenchmarkResult> {
  return checkedResult(JSON.parse(await readFile(path, 'utf8')));
}

/** The percentiles of a latency that count for a user: from the intended start where there was one. */
export const honest = (latency: Latency): Percentiles => latency.corrected ?? latency.uncorrected;
