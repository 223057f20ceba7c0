/**
 * How the cost of starting, appending and reading depends on the length of the history, of the store and of one
 * consultation.
 *
 * For each size a directory is filled by one process and served by another, the real service, and measured over
 * HTTP beside a service on an empty directory. Files that were just written are in the page cache.
 */
import { measureConsultation } from './growth/measure-consultation.js';
import { measureRecovery } from './growth/measure-recovery.js';
import { measureStore } from './growth/measure-store.js';
import { summarise } from './growth/summarise.js';
import { type CaseDefinition, defineBenchmark, type RunOptions } from './harness/benchmark.js';
import { runAsMain } from './harness/run-as-main.js';

const SMOKE_EVENTS = [100, 3000];
const SMOKE_LENGTHS = [100, 1000];
/** Of the journal that a start after a kill recovers: as much as one may hold before it is sealed, by default. */
const JOURNAL_MEBIBYTES = { smoke: 1, full: 64 };

/** Powers of ten from the first size to the last, and the last. */
function sizesOf(first: number, last: number): number[] {
  const sizes: number[] = [];
  for (let size = first; size < last; size *= 10) sizes.push(size);
  return [...sizes, last];
}

function cases({ size, own }: RunOptions): CaseDefinition[] {
  const isSmoke = size === 'smoke';
  const stores = isSmoke ? SMOKE_EVENTS : sizesOf(Number(own.eventsMin), Number(own.eventsMax));
  const lengths = isSmoke ? SMOKE_LENGTHS : sizesOf(100, Number(own.lengthMax));
  return [
    ...stores.map((events) => ({
      name: `${events.toLocaleString('en-US')} events in the store`,
      parameters: { of: 'store', events },
      // A store is filled at some 20,000 events/s.
      timeLimitSeconds: 300 + events / 2000,
    })),
    ...lengths.map((length) => ({
      name: `${length.toLocaleString('en-US')} events in one consultation`,
      parameters: { of: 'consultation', length },
      timeLimitSeconds: 300,
    })),
    {
      name: 'recovery after kill -9',
      parameters: { of: 'recovery', mebibytes: JOURNAL_MEBIBYTES[size] },
      timeLimitSeconds: 300,
    },
  ];
}

export const benchmark = defineBenchmark({
  name: 'growth',
  title: 'Growth',
  question: 'Do appends, reads, memory and the start get slower or larger as the history grows?',
  options: [
    { flags: '--events-min <number>', description: 'events of the smallest store', default: 100 },
    {
      flags: '--events-max <number>',
      description: 'events of the largest store; each has ten times the one before',
      default: 1e6,
    },
    { flags: '--length-max <number>', description: 'events of the longest consultation', default: 1e5 },
    { flags: '--rate <number>', description: 'appends a second', default: 200 },
  ],
  cases,
  measure: ({ of, events, length, mebibytes }, context) => {
    if (of === 'store') return measureStore(Number(events), context);
    if (of === 'recovery') return measureRecovery(Number(mebibytes), context);
    return measureConsultation(Number(length), context);
  },
  summarise,
});
await runAsMain(import.meta.url, benchmark);
