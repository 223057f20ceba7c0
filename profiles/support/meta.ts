/** `meta.json` of a profile: how it came about, and what is in its folder. */
import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { Surroundings } from '../../bench/harness/result.js';
import { PROFILE_KINDS, SERVERS } from './profile-options.js';

const closed = { additionalProperties: false } as const;
const orNull = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()]);
const Text = Type.String({ minLength: 1 });

export const Meta = Type.Object(
  {
    schema_version: Type.Literal(1),
    kind: Type.Enum(PROFILE_KINDS),
    name: Text,
    /** As somebody would type it. */
    command: Text,
    ...Surroundings.properties,
    /** Of the measured time. */
    duration_seconds: Type.Number({ minimum: 0 }),
    /** Whether the service ran before, and was only attached to. */
    attached: Type.Boolean(),
    server: Type.Enum(SERVERS),
    /** What was sent meanwhile; null where others sent it. */
    load: orNull(
      Type.Object(
        {
          connections: Type.Integer({ minimum: 1 }),
          /** Null in a closed loop: as fast as the service answers. */
          rate_per_second: orNull(Type.Number()),
          warm_up_seconds: Type.Number(),
          corpus: Text,
          seed: Type.Integer(),
        },
        closed,
      ),
    ),
    /** Appends that were answered in the measured time; null where nobody counted. */
    requests: orNull(Type.Integer({ minimum: 0 })),
    /** Of the main thread in the measured time; null where the kernel does not tell. */
    scheduling: orNull(Type.Object({ ran_seconds: Type.Number(), waited_seconds: Type.Number() }, closed)),
    /** Microseconds between samples of the processor, or bytes between those of allocations. */
    sampling: Type.Object(
      { every: Type.Number(), unit: Type.Union([Type.Literal('us'), Type.Literal('bytes')]) },
      closed,
    ),
    /** Reasons that the figures must not be quoted; empty when they may. */
    invalid: Type.Array(Text),
    /** What is in the folder beside this file. */
    files: Type.Array(Text),
  },
  closed,
);
export type Meta = Static<typeof Meta>;

/** A `meta.json` that fits. Throws an error that names the first place that does not. */
export function checkedMeta(value: unknown): Meta {
  if (Value.Check(Meta, value)) return value;
  const [first] = Value.Errors(Meta, value);
  throw new Error(`not the meta.json of a profile: ${first?.instancePath || '/'} ${first?.message}`);
}

/** Reads one. Throws where it is missing, no JSON, or does not fit. */
export async function readMeta(path: string): Promise<Meta> {
  return checkedMeta(JSON.parse(await readFile(path, 'utf8')));
}
