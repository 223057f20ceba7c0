/**
 * Appends events without number, each answered as it becomes durable.
 *
 * What comes within a moment is sent as one request. A single endless one would need a fetch that sends and reads at
 * the same time, which browsers do not have; it could not be tried again either, while here what was not answered is
 * sent once more, and known by its event_id.
 */
import { ConsultError, problemError } from './consult-error.js';
import { Deadline } from './deadline.js';
import { pause } from './pause.js';
import { textLines } from './text-lines.js';
import type { CallOptions, Transport } from './transport.js';
import type { AppendedLine, JsonObject, NewEvent } from './types.js';
import { uuidV7 } from './uuid.js';

export interface AppendStreamOptions extends CallOptions {
  /** The first event is appended only at this version. */
  ifVersion?: number;
}

/** What one request holds at most, and how long its first event waits for others. */
const RUN_EVENTS_MAX = 1000;
const RUN_CHARS_MAX = 1_000_000;
const GATHER_MS = 20;

/**
 * Gives the answer to each event, in order. At the first one that is refused it throws, with its place as
 * `problem.line`: all before it are stored, and nothing after it is. Whatever fails for a while only is tried again.
 */
export async function* appendStream(
  transport: Transport,
  consultationId: string,
  events: AsyncIterable<NewEvent> | Iterable<NewEvent>,
  { ifVersion, signal }: AppendStreamOptions = {},
): AsyncGenerator<AppendedLine> {
  const path = `/consultations/${encodeURIComponent(consultationId)}/events/stream`;
  let answered = 0;
  for await (const run of runsOf(events)) {
    const runStart = answered;
    let failures = 0;
    while (answered < runStart + run.length) {
      const before = answered;
      const lines = run.slice(answered - runStart);
      const expected = answered === 0 ? ifVersion : undefined;
      try {
        for await (const answer of answersTo(transport, path, lines, expected, signal)) {
          answered += 1;
          yield { ...answer, line: answered };
        }
        if (answered < before + lines.length) throw new Error('the answer was cut short');
      } catch (error) {
        failures = answered > before ? 1 : failures + 1;
        await transport.beforeRetry(inPlace(error, before), failures, signal);
      }
    }
  }
}

/** One request: the answers to its lines, as far as they come. */
async function* answersTo(
  transport: Transport,
  path: string,
  lines: readonly string[],
  ifVersion: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<AppendedLine> {
  const deadline = new Deadline(signal);
  try {
    const { body } = await deadline.within(transport.timeoutMs, () => {
      return transport.open(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          'if-match': ifVersion === undefined ? undefined : `"${ifVersion}"`,
        },
        body: lines.join('\n'),
        signal: deadline.signal,
      });
    });
    if (body === null) return;
    for await (const line of textLines(body, (next) => deadline.within(transport.timeoutMs, next))) {
      const answer = JSON.parse(line) as AppendedLine | JsonObject;
      if ('code' in answer) throw problemError(answer);
      yield answer as AppendedLine;
    }
  } finally {
    deadline.close();
  }
}

/** The service counts the lines of its request, the caller those of the whole stream. */
function inPlace(error: unknown, linesBefore: number): unknown {
  if (!(error instanceof ConsultError) || typeof error.problem.line !== 'number') return error;
  const { code, status, message, problem, retryAfterSeconds } = error;
  const line = linesBefore + error.problem.line;
  return new ConsultError(code, status, message, { ...problem, line }, retryAfterSeconds, { cause: error });
}

/** The events as lines, each with an id: as many at a time as come within a moment of the first. */
async function* runsOf(events: AsyncIterable<NewEvent> | Iterable<NewEvent>): AsyncGenerator<string[]> {
  const iterator =
    Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
  let next = nextOf(iterator);
  try {
    for (;;) {
      const gathered = next.then(() => pause(GATHER_MS));
      gathered.catch(() => undefined);
      const run: string[] = [];
      let chars = 0;
      for (;;) {
        const event = await (run.length === 0 ? next : Promise.race([next, gathered]).catch(() => undefined));
        if (event?.done && run.length === 0) return;
        if (!event || event.done) break;
        const line = JSON.stringify({ event_id: uuidV7(), ...event.value });
        run.push(line);
        chars += line.length;
        next = nextOf(iterator);
        if (run.length === RUN_EVENTS_MAX || chars > RUN_CHARS_MAX) break;
      }
      yield run;
    }
  } finally {
    // Not waited for: a source that has nothing to give may not end before it has.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** A source that fails while its last events are sent fails when the next one is wanted. */
function nextOf(iterator: AsyncIterator<NewEvent> | Iterator<NewEvent>): Promise<IteratorResult<NewEvent>> {
  const next = (async () => iterator.next())();
  next.catch(() => undefined);
  return next;
}
