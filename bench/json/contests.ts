/** The contests: reading a body, writing an answer, writing an event, and the canonical form of a payload. */
import { createRequire } from 'node:module';
import fastJsonStringify from 'fast-json-stringify';
import secureJson from 'secure-json-parse';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { ConsultationEvent, Json, JsonObject } from '../../src/domain/event.js';
import { decodeUtf8, parseStrictJson } from '../../src/domain/strict-json.js';
import { AppendedAnswer, EventAnswer } from '../../src/http/schemas.js';
import type { CaseContext, CaseOutcome, Size } from '../harness/benchmark.js';
import { type Contestant, type ContestOptions, contest, contestMeasures } from './contest.js';
import { appendDocuments, type Documents, eventDocuments } from './documents.js';

// Its types say that it is a default export, which it is not.
const canonicalize = createRequire(import.meta.url)('canonicalize') as (value: unknown) => string;

const OPTIONS: Readonly<Record<Size, ContestOptions>> = {
  smoke: { rounds: 2, sliceMs: 5 },
  full: { rounds: 7, sliceMs: 250 },
};

const PARSERS: readonly Contestant<Buffer>[] = [
  { name: 'JSON.parse', run: (bytes) => JSON.parse(bytes.toString()) },
  { name: 'secure-json-parse', run: (bytes) => secureJson.parse(bytes.toString()) },
  { name: 'our strict parser', run: (bytes) => parseStrictJson(decodeUtf8(bytes)) },
];

/** The names that rows of a contest have in common, and who is compared with whom. */
function rows<Input>(
  what: string,
  contestants: readonly Contestant<Input>[],
  { kind, inputs, bytes }: { kind: string; inputs: readonly Input[]; bytes: number },
  size: Size,
): CaseOutcome[] {
  const times = contest(contestants, inputs, OPTIONS[size]);
  return contestants.map(({ name }) => ({
    name: `${what}, ${kind}: ${name}`,
    parameters: { what, kind, by: name },
    durability: 'memory',
    invalid: [],
    measures: contestMeasures(times.get(name) ?? [], bytes),
  }));
}

const meanBytes = ({ texts }: Documents): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / texts.length;

/** Bodies as they come, bytes, to values. */
export async function parsing(context: CaseContext): Promise<CaseOutcome[]> {
  return (await appendDocuments(context)).flatMap((documents) => {
    const inputs = documents.texts.map((text) => Buffer.from(text));
    return rows(
      'parse',
      PARSERS,
      { kind: documents.kind, inputs, bytes: meanBytes(documents) },
      context.size,
    );
  });
}

/** Answers and events to texts; payloads to canonical texts. */
export async function serialising(context: CaseContext): Promise<CaseOutcome[]> {
  const { size } = context;
  const events = eventDocuments(context);
  const values = events.texts.map((text) => JSON.parse(text) as ConsultationEvent);
  const answers = values.map(answerOf);
  const answerBytes = JSON.stringify(answers[0]).length;
  return [
    ...rows(
      'write',
      writersOf<JsonObject>(AppendedAnswer),
      { kind: 'answers', inputs: answers, bytes: answerBytes },
      size,
    ),
    ...rows(
      'write',
      writersOf<ConsultationEvent>(EventAnswer),
      { kind: 'events', inputs: values, bytes: meanBytes(events) },
      size,
    ),
    ...(await appendDocuments(context)).flatMap((documents) => {
      const inputs = documents.texts.map((text) => (JSON.parse(text) as { payload: JsonObject }).payload);
      const bytes = meanBytes({ ...documents, texts: inputs.map((payload) => JSON.stringify(payload)) });
      return rows('canonical', CANONICAL, { kind: documents.kind, inputs, bytes }, size);
    }),
  ];
}

const CANONICAL: readonly Contestant<Json>[] = [
  { name: 'JSON.stringify, in any order', run: (value) => JSON.stringify(value) },
  { name: 'canonicalize', run: (value) => canonicalize(value) },
  { name: 'our canonical form', run: canonicalJson },
];

function writersOf<Value>(schema: object): Contestant<Value>[] {
  const stringify = fastJsonStringify(schema as Parameters<typeof fastJsonStringify>[0]);
  return [
    { name: 'JSON.stringify', run: (value) => JSON.stringify(value) },
    { name: 'fast-json-stringify', run: (value) => stringify(value) },
  ];
}

function answerOf(event: ConsultationEvent): JsonObject {
  const { event_id, consultation_id, timestamp, sequence, version, audit_hash, hash } = event;
  const event_count = version;
  return {
    event_id,
    consultation_id,
    event_count,
    timestamp,
    sequence,
    version,
    audit_hash,
    hash,
    durability: 'fsync',
  };
}
