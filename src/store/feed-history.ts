/** What the feed reads: events of a range of sequences, and pages of what somebody who follows has missed. */

import { typeBit } from '../domain/event-type-mask.js';
import type { FeedBatch, FeedEvent } from '../domain/feed.js';
import { limits } from '../domain/limits.js';
import { LinkView, type SequencedLink } from '../domain/stored-event.js';
import type { FeedSource } from '../feed/feed-source.js';
import { feedEventOf } from '../feed/feed-tail.js';
import type { CommitLog } from '../log/commit-log.js';
import type { EventFinder } from './event-finder.js';
import { unhurried } from './unhurried.js';

/** Makes the feed's source of a log and what finds its events. */
export function feedSource(log: Pick<CommitLog, 'headSequence'>, finder: EventFinder): FeedSource {
  return {
    headSequence: () => log.headSequence,
    links: (from, to) => finder.range(from, to),
    page: ({ consultationId, typeMask }, from, to) =>
      consultationId === undefined
        ? pageOfAll(finder, typeMask, from, to)
        : pageOfConsultation(finder, consultationId, typeMask, from, to),
  };
}

/** To the next multiple of a page, so that those who come from different places soon want the same pages. */
async function pageOfAll(finder: EventFinder, mask: number, from: number, to: number): Promise<FeedBatch> {
  const { feedPageEvents, feedPageFirstEvents } = limits;
  const end = Math.min(to, Math.ceil(from / feedPageEvents) * feedPageEvents);
  let links = await finder.range(from, Math.min(end, from + feedPageFirstEvents - 1));
  const next = from + links.length;
  if (next <= end && areSmall(links)) links = [...links, ...(await finder.range(next, end))];
  return batchOf(links, mask, from + links.length - 1);
}

async function pageOfConsultation(
  finder: EventFinder,
  consultationId: string,
  mask: number,
  from: number,
  to: number,
): Promise<FeedBatch> {
  const version = firstVersionFrom(finder, consultationId, from);
  const all = finder
    .entries(consultationId, version, version + limits.feedPageEvents - 1)
    .filter(({ sequence }) => sequence <= to);
  const wanted = all.filter(({ typeCode }) => typeBit(typeCode) & mask);
  const through = all.length < limits.feedPageEvents ? to : (all.at(-1)?.sequence ?? to);
  const first = wanted.slice(0, limits.feedPageFirstEvents);
  const links = await finder.links(consultationId, first);
  if (first.length === wanted.length) return batchOf(links, mask, through);
  if (!areSmall(links)) return batchOf(links, mask, links.at(-1)?.sequence ?? through);
  const rest = await finder.links(consultationId, wanted.slice(first.length));
  return batchOf([...links, ...rest], mask, through);
}

/** The first version of a consultation whose event is not before a sequence: by bisection, 3 µs a step. */
function firstVersionFrom(finder: EventFinder, consultationId: string, sequence: number): number {
  let low = 1;
  let high = finder.durableVersion(consultationId) + 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [entry] = finder.entries(consultationId, middle, middle);
    if ((entry?.sequence ?? sequence) < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a whole page of events like these is not much more than a batch. */
function areSmall(links: readonly SequencedLink[]): boolean {
  const bytes = links.reduce((sum, { link }) => sum + link.length, 0);
  return (bytes / links.length) * limits.feedPageEvents <= 4 * limits.feedBatchBytesMax;
}

/** The wanted events of `links`, which are all there are up to `through`: as much as a batch holds. */
async function batchOf(links: readonly SequencedLink[], mask: number, through: number): Promise<FeedBatch> {
  const events: FeedEvent[] = [];
  let cutBefore: number | undefined;
  function* steps() {
    let bytes = 0;
    for (const one of links) {
      if ((typeBit(new LinkView(one.link).typeCode) & mask) === 0) continue;
      bytes += one.link.length;
      if (events.length > 0 && bytes > 4 * limits.feedBatchBytesMax) {
        cutBefore = one.sequence;
        return;
      }
      events.push(feedEventOf(one));
      yield;
    }
  }
  await unhurried(steps());
  return { events, through: cutBefore === undefined ? through : cutBefore - 1 };
}
