/** A page of events, bounded in number by whoever asks and in bytes by a limit. */
import { limits } from '../domain/limits.js';
import { eventJsonOfLink, type SequencedLink } from '../domain/stored-event.js';
import type { IndexEntry } from '../index/index-layout.js';
import type { EventFinder } from './event-finder.js';
import { unhurried } from './unhurried.js';

/** Events that are read first: whether they are small is known only then. */
const FIRST_EVENTS = 16;

/**
 * The events of `entries` as JSON texts, from the first on: as many as `limits.pageBytesMax` holds, and at least one if
 * there are any.
 */
export async function eventPage(
  finder: Pick<EventFinder, 'links'>,
  consultationId: string,
  entries: readonly IndexEntry[],
): Promise<string[]> {
  const texts: string[] = [];
  let bytes = 0;
  /** Adds what fits, and yields between two events. */
  function* adding(links: readonly SequencedLink[]): Generator<void, boolean> {
    for (const link of links) {
      bytes += link.link.length;
      if (texts.length > 0 && bytes > limits.pageBytesMax) return false;
      texts.push(eventJsonOfLink(link));
      yield;
    }
    return true;
  }
  for (
    let from = 0, count = FIRST_EVENTS;
    from < entries.length;
    from += count, count = limits.readEventsMax
  ) {
    const links = await finder.links(consultationId, entries.slice(from, from + count));
    if (!(await unhurried(adding(links)))) break;
  }
  return texts;
}
