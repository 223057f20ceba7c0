/** Joins the feed to the store: turns what somebody asks for into a filter and a sequence to start at. */
import { assert, CodedError } from '../domain/errors.js';
import { typeMask } from '../domain/event-type-mask.js';
import type { Feed } from '../feed/feed.js';
import type { CommitLog } from '../log/commit-log.js';
import type { EventFinder } from './event-finder.js';
import type { EventFeed, FollowQuery } from './event-store.js';

export interface FollowParts {
  log: Pick<CommitLog, 'headSequence'>;
  finder: Pick<EventFinder, 'entries'>;
  feed: Feed;
}

/** `version` is that of the consultation that is asked for; 0 if all are. */
export function followEvents(parts: FollowParts, query: FollowQuery, version: number): EventFeed {
  const { consultationId, eventTypes, endsAtHead } = query;
  const filter = { consultationId, typeMask: typeMask(eventTypes) };
  const from = startOf(parts, query, version);
  return endsAtHead ? parts.feed.read(filter, from) : parts.feed.follow(filter, from);
}

function startOf(
  { log, finder }: FollowParts,
  { consultationId, from }: FollowQuery,
  version: number,
): number {
  if (from === undefined) return 1;
  if (from === 'next') return log.headSequence + 1;
  if ('sequence' in from) return from.sequence;
  if (consultationId === undefined || from.version > version + 1) {
    throw new CodedError(
      'POSITION_AHEAD',
      `The consultation is at version ${version}, so that nothing can go on from ${from.version}. Read it again from its start.`,
    );
  }
  // The next version is not there yet: whatever its sequence will be, it comes after the newest one's.
  const isNext = from.version === version + 1;
  const known = isNext ? version : from.version;
  const [entry] = finder.entries(consultationId, known, known);
  assert(entry !== undefined, 'every version up to the newest is there');
  return isNext ? entry.sequence + 1 : entry.sequence;
}
