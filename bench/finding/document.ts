/** Writes docs/FINDING.md from a result: every figure in it comes from the run that it names. */
import type { Surroundings } from '../support/surroundings-text.js';

export interface CaseResult {
  what: string;
  requests: number;
  found: number;
  p50: number;
  p99: number;
  max: number;
}

export interface FindingResult {
  command: string;
  surroundings: Surroundings;
  consultations: number;
  events: number;
  /** What the index took to take the events in, and what it is then. */
  writer: { seconds: number; processorSeconds: number; indexMebibytes: number };
  /** Of requests over HTTP, one after another; milliseconds. */
  cases: CaseResult[];
  /** The same of a route that does nothing, asked for in turn with the others: what the machine adds. */
  floor: Omit<CaseResult, 'found'>;
  /** Requests that went through the whole list by its cursor, and consultations found. */
  walk: { pages: number; found: number; p50: number; p99: number };
  verdicts: { what: string; measured: string; budget: string; isMet: boolean }[];
}

const OVER_FLOOR_MS_MAX = { p50: 5, p99: 10 } as const;
const EVENTS_PER_SECOND_MIN = 60_000;

export function verdictsOf({
  events,
  writer,
  cases,
  floor,
  walk,
}: Omit<FindingResult, 'verdicts'>): FindingResult['verdicts'] {
  const overFloor = (['p50', 'p99'] as const).map((percentile) => {
    const slowest = Math.max(walk[percentile], ...cases.map((each) => each[percentile]));
    const budgetMs = OVER_FLOOR_MS_MAX[percentile];
    const measuredMs = slowest - floor[percentile];
    return {
      what: `${percentile} of the slowest case, over that of a route that does nothing`,
      measured: `${measuredMs.toFixed(2)} ms`,
      budget: `at most ${budgetMs} ms`,
      isMet: measuredMs <= budgetMs,
    };
  });
  const eventsPerSecond = events / writer.processorSeconds;
  return [
    ...overFloor,
    {
      what: 'events that the writer of the index takes in for each second of processor time',
      measured: count(eventsPerSecond),
      budget: `at least ${count(EVENTS_PER_SECOND_MIN)}`,
      isMet: eventsPerSecond >= EVENTS_PER_SECOND_MIN,
    },
  ];
}

export function documentOf(result: FindingResult): string {
  const { command, surroundings, writer, floor, walk } = result;
  return `# Finding

What \`GET /consultations\` takes over ${count(result.consultations)} consultations. Made by \`${command}\`; do not edit.

| | |
| --- | --- |
| commit | ${surroundings.commit} |
| taken | ${surroundings.takenAt}, load of the machine before: ${surroundings.loadBefore} |
| machine | ${surroundings.machine} |
| Node | ${surroundings.node} |

The index was filled through its own writer, in batches of 1,000 events: ${count(result.events)} events in
${writer.seconds.toFixed(1)} s, of it ${writer.processorSeconds.toFixed(1)} s of processor time; it then has ${writer.indexMebibytes.toFixed(0)} MiB. A consultation has three to four events, so that lists
change with every second one. The routes of the service then answer from it, in a process of their own, one request
after another; client and service share the machine, and a load above its number of processors makes every figure larger. A page is of 50 unless it says otherwise; "found" is the mean of a page.

| | found | p50 ms | p99 ms | max ms |
| --- | --- | --- | --- | --- |
${result.cases
  .map(
    ({ what, found, p50, p99, max }) =>
      `| ${what} | ${found.toFixed(1)} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${max.toFixed(2)} |`,
  )
  .join('\n')}
| a route that does nothing | – | ${floor.p50.toFixed(2)} | ${floor.p99.toFixed(2)} | ${floor.max.toFixed(2)} |
| through the list by its cursor, ${count(walk.pages)} pages of 200 | ${(walk.found / walk.pages).toFixed(1)} | ${walk.p50.toFixed(2)} | ${walk.p99.toFixed(2)} | – |

| | measured | budget | |
| --- | --- | --- | --- |
${result.verdicts
  .map(
    ({ what, measured, budget, isMet }) =>
      `| ${what} | ${measured} | ${budget} | ${isMet ? 'kept' : '**exceeded**'} |`,
  )
  .join('\n')}
`;
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
