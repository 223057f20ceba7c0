/**
 * Appends the lines of a streamed upload, in order, and answers each once it is durable.
 *
 * While one group of lines is made durable the next one is read and judged, so that the disk and the processor
 * work at the same time; no more than these two groups are ever in memory. What the client does not read of the
 * answers holds back what is read of its lines.
 */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { isoTime } from '../domain/iso-time.js';
import { limits } from '../domain/limits.js';
import type {
  Appended,
  AppendedEvent,
  EventStore,
  EventToAppend,
  ExpectedVersion,
} from '../store/event-store.js';
import { atLine, type EventLine } from './event-lines.js';

export interface LinesToAppend {
  consultationId: string;
  /** The first line is appended only at this version. */
  expectedVersion?: ExpectedVersion;
  /** Answers one line for each group that became durable together, not one for each event. */
  isMinimal: boolean;
}

/**
 * Yields the NDJSON of the answers. Throws the CodedError of the first line that is refused, with the member
 * `line`, after the answers to all lines before it; nothing after it is stored.
 */
export async function* appendLines(
  store: EventStore,
  command: LinesToAppend,
  groups: AsyncGenerator<readonly EventLine[]>,
): AsyncGenerator<string> {
  let { expectedVersion } = command;
  let next = groups.next();
  for (;;) {
    const group = await next;
    if (group.done) return;
    const runs = runsOfOneUser(group.value);
    for (const [index, run] of runs.entries()) {
      const appending = appendRun(store, command, run, expectedVersion);
      expectedVersion = undefined;
      if (index === runs.length - 1) {
        appending.catch(() => undefined);
        // The block is under way to the disk when this turn of the event loop ends; now there is time to read.
        await endOfTurn();
        next = groups.next();
        next.catch(() => undefined);
      }
      yield* answersOf(await appending, command.isMinimal);
    }
  }
}

/** What of a run became durable, and why the line after it did not, if one was refused. */
interface RunOutcome {
  lines: readonly EventLine[];
  appended: readonly Appended[];
  refusal?: unknown;
}

function* answersOf({ lines, appended, refusal }: RunOutcome, isMinimal: boolean): Generator<string> {
  if (lines.length > 0) yield isMinimal ? groupAnswer(lines, appended) : lineAnswers(lines, appended);
  if (refusal !== undefined) throw refusal;
}

/** Appends are of one user and of so many events; lines that follow each other and fit are appended together. */
function runsOfOneUser(lines: readonly EventLine[]): (readonly EventLine[])[] {
  const runs: EventLine[][] = [];
  for (const line of lines) {
    const run = runs.at(-1);
    const fits = run !== undefined && run.length < limits.batchEventsMax;
    if (fits && run[0]?.body.user_id === line.body.user_id) run.push(line);
    else runs.push([line]);
  }
  return runs;
}

async function appendRun(
  store: EventStore,
  { consultationId }: LinesToAppend,
  run: readonly EventLine[],
  expectedVersion: ExpectedVersion | undefined,
): Promise<RunOutcome> {
  const append = (lines: readonly EventLine[], expected?: ExpectedVersion): Promise<Appended> =>
    store.append({
      consultationId,
      userId: lines[0]?.body.user_id ?? '',
      source: 'api',
      events: lines.map(eventOf),
      waitsForRoom: true,
      ...(expected !== undefined && { expectedVersion: expected }),
    });
  try {
    return { lines: run, appended: [await append(run, expectedVersion)] };
  } catch (error) {
    if (run.length === 1) return { lines: [], appended: [], refusal: atLine(error, run[0]?.number ?? 1) };
  }
  // One of them was refused, and all with it: one by one, those before it are stored, and it is known which.
  const appended: Appended[] = [];
  for (const line of run) {
    try {
      appended.push(await append([line], appended.length === 0 ? expectedVersion : undefined));
    } catch (error) {
      return { lines: run.slice(0, appended.length), appended, refusal: atLine(error, line.number) };
    }
  }
  return { lines: run, appended };
}

function eventOf({ body: { event_type: type, payload, event_id: eventId } }: EventLine): EventToAppend {
  return eventId === undefined ? { type, payload } : { type, payload, eventId };
}

function lineAnswers(lines: readonly EventLine[], appended: readonly Appended[]): string {
  let answers = '';
  let place = 0;
  for (const { events, replayed } of appended) {
    for (const event of events) {
      answers += lineAnswer((lines[place] as EventLine).number, event, replayed);
      place += 1;
    }
  }
  return answers;
}

/** Nothing in it needs escaping: ids, times, hashes and numbers. */
function lineAnswer(line: number, event: AppendedEvent, replayed: boolean): string {
  return (
    `{"line":${line},"event_id":"${event.eventId}","sequence":${event.sequence},"version":${event.version},` +
    `"timestamp":"${isoTime(event.timestampMs)}","audit_hash":"${event.auditHash}",` +
    `"hash":"${event.hash}"${replayed ? ',"replayed":true' : ''}}\n`
  );
}

function groupAnswer(lines: readonly EventLine[], appended: readonly Appended[]): string {
  const last = appended.at(-1)?.events.at(-1) as AppendedEvent;
  const line = (lines.at(-1) as EventLine).number;
  return `{"line":${line},"sequence":${last.sequence},"version":${last.version},"hash":"${last.hash}"}\n`;
}
