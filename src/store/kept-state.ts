/** A state at one version, and how it is taken further: folded from where it is, in turns that others share. */
import { canonicalJson } from '../domain/canonical-json.js';
import { assert } from '../domain/errors.js';
import type { FoldedEvent, JsonObject } from '../domain/event.js';
import { type ConsultationFold, foldEvent, foldOfState } from '../domain/fold.js';
import { limits } from '../domain/limits.js';
import { stateOfText, stateTextPieces } from '../domain/state-text.js';
import { foldedEventOfLink, type SequencedLink } from '../domain/stored-event.js';
import type { Snapshot } from '../index/snapshot-layout.js';
import type { EventFinder } from './event-finder.js';
import { unhurried } from './unhurried.js';

/** What is known of a state at one version: its text, its fold, or both. */
export interface KeptState {
  version: number;
  /** Of the event at this version, latin1. */
  hash: string;
  text: Buffer | undefined;
  fold: ConsultationFold | undefined;
  /** JSON; what a fold that is made of the text starts anew with at a reset. */
  patientStub: string;
  /** Of the newest snapshot written, passed over or read; 0 if there is none. */
  snapshotVersion: number;
  /** About the length of the text. */
  bytes: number;
}

export function keptOfSnapshot({ version, hash, stateText: text, patientStub }: Snapshot): KeptState {
  const bytes = text.length;
  return { version, hash, text, fold: undefined, patientStub, snapshotVersion: version, bytes };
}

/**
 * The state at version `last`, from `before` (none: from the first event) on, page by page. The fold of `before` is
 * changed in place. `onEvent` is given each event that is folded.
 */
export async function foldedTo(
  finder: Pick<EventFinder, 'entries' | 'links'>,
  consultationId: string,
  before: KeptState | undefined,
  last: number,
  onEvent?: (event: FoldedEvent) => void,
): Promise<KeptState> {
  let fold = before && (await foldOf(before));
  let { hash, bytes } = before ?? { hash: '', bytes: 0 };
  for (let version = before?.version ?? 0; version < last; ) {
    const to = Math.min(last, version + limits.readEventsMax);
    const entries = finder.entries(consultationId, version + 1, to);
    const links = await finder.links(consultationId, entries);
    fold = await unhurried(foldLinks(links, fold, onEvent));
    for (const { link } of links) bytes += link.length;
    hash = entries.at(-1)?.hash ?? '';
    version = to;
  }
  assert(fold !== undefined && fold.state.version === last, 'the fold has every event');
  const patientStub = before?.patientStub ?? canonicalJson(fold.patientStub);
  const snapshotVersion = before?.snapshotVersion ?? 0;
  return { version: last, hash, text: undefined, fold, patientStub, snapshotVersion, bytes };
}

/** The fold of a state, made of its text if need be. */
export async function foldOf({ fold, text, patientStub }: KeptState): Promise<ConsultationFold> {
  if (fold !== undefined) return fold;
  assert(text !== undefined, 'a kept state has a fold or a text');
  return foldOfState(await unhurried(stateOfText(text)), JSON.parse(patientStub) as JsonObject);
}

/** The text of a state that has a fold. */
export async function textOf({ fold }: KeptState): Promise<Buffer> {
  assert(fold !== undefined, 'a kept state has a fold or a text');
  const pieces: Buffer[] = [];
  const { state } = fold;
  await unhurried(
    (function* () {
      for (const piece of stateTextPieces(state)) {
        pieces.push(piece);
        yield;
      }
    })(),
  );
  return Buffer.concat(pieces);
}

function* foldLinks(
  links: readonly SequencedLink[],
  before: ConsultationFold | undefined,
  onEvent: ((event: FoldedEvent) => void) | undefined,
): Generator<undefined, ConsultationFold | undefined> {
  let fold = before;
  for (const { link } of links) {
    const event = foldedEventOfLink(link);
    fold = foldEvent(fold, event);
    onEvent?.(event);
    yield;
  }
  return fold;
}
