/** Following a store in memory, in as few words as possible: looks through everything again whenever there is news. */
import { CodedError } from '../../src/domain/errors.js';
import type { FeedBatch } from '../../src/domain/feed.js';
import { eventJsonOfLink, LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import type { EventFeed, FollowQuery } from '../../src/store/event-store.js';

const BATCH_EVENTS = 3;

/** Whoever waits for news. */
export type News = Set<() => void>;

export function memoryFollow(links: readonly SequencedLink[], news: News, query: FollowQuery): EventFeed {
  const { consultationId, eventTypes = [], from, endsAtHead } = query;
  const isWanted = ({ link }: SequencedLink): boolean => {
    const view = new LinkView(link);
    if (consultationId !== undefined && view.consultationId !== consultationId) return false;
    return eventTypes.length === 0 || eventTypes.includes(view.type);
  };
  const ofConsultation = links.filter(({ link }) => new LinkView(link).consultationId === consultationId);
  let through = 0;
  if (from === 'next') through = links.length;
  else if (from !== undefined && 'sequence' in from) through = from.sequence - 1;
  else if (from !== undefined) {
    const before = ofConsultation[from.version - 2]?.sequence;
    through = from.version === 1 ? 0 : (before ?? Number.POSITIVE_INFINITY);
  }
  if (through > links.length) throw new CodedError('POSITION_AHEAD', 'Nothing can go on from there.');
  const head = links.length;
  let hasStarted = false;
  let hasEnded = false;
  let wake: (() => void) | undefined;

  function take(): FeedBatch | undefined {
    const wanted = links.filter((one) => one.sequence > through && isWanted(one)).slice(0, BATCH_EVENTS);
    if (wanted.length === 0) return undefined;
    through = wanted.at(-1)?.sequence ?? through;
    return {
      through,
      events: wanted.map((one) => {
        const { version, consultationId: id, type } = new LinkView(one.link);
        return { sequence: one.sequence, version, consultationId: id, type, json: eventJsonOfLink(one) };
      }),
    };
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!hasStarted) {
        hasStarted = true;
        return { done: false, value: { through, events: [] } };
      }
      while (!hasEnded) {
        const value = endsAtHead && through >= head ? undefined : take();
        if (value !== undefined) return { done: false, value };
        if (endsAtHead) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
          news.add(resolve);
        });
      }
      return { done: true, value: undefined };
    },
    async return() {
      hasEnded = true;
      if (wake !== undefined) news.delete(wake);
      wake?.();
      return { done: true, value: undefined };
    },
  };
}
