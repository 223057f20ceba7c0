/** Brings several lists, each in order, into one. */
import { isNewer, type ListPlace } from '../domain/consultation-list.js';

/**
 * The first `limit` places of all lists together, newest first. Takes from each list one place more than it gives of
 * it, and ends it.
 */
export function mergedPlaces(lists: readonly Iterator<ListPlace, unknown>[], limit: number): ListPlace[] {
  const heads = lists.map((list) => nextOf(list));
  const places: ListPlace[] = [];
  while (places.length < limit) {
    let newest = -1;
    heads.forEach((head, index) => {
      const best = heads[newest];
      if (head !== undefined && (best === undefined || isNewer(head, best))) newest = index;
    });
    const place = heads[newest];
    if (place === undefined) break;
    places.push(place);
    heads[newest] = nextOf(lists[newest] as Iterator<ListPlace, unknown>);
  }
  for (const list of lists) list.return?.();
  return places;
}

function nextOf(list: Iterator<ListPlace, unknown>): ListPlace | undefined {
  const { done, value } = list.next();
  return done ? undefined : (value as ListPlace);
}
