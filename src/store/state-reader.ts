/**
 * Gives the states of consultations: from memory, or from the newest snapshot, and what came after it.
 *
 * How long a history is does not matter to a read: what is new is folded onto what is kept, and the text of a
 * state is made once for each version. A snapshot is written when a read had to fold a good share of the
 * history, so that all writing together stays proportional to the events.
 */
import { canonicalJson } from '../domain/canonical-json.js';
import type { ConsultationState } from '../domain/consultation-state.js';
import { assert } from '../domain/errors.js';
import type { JsonObject } from '../domain/event.js';
import { type ConsultationFold, foldEvent, foldOfState } from '../domain/fold.js';
import { limits } from '../domain/limits.js';
import { stateOfText, stateTextPieces } from '../domain/state-text.js';
import { foldedEventOfLink, type SequencedLink } from '../domain/stored-event.js';
import type { ConsultationIndex } from '../index/consultation-index.js';
import { encodeSnapshot } from '../index/snapshot-layout.js';
import type { EventFinder } from './event-finder.js';
import type { StateText } from './event-store.js';
import { LruMap } from './lru-map.js';
import { unhurried } from './unhurried.js';

export interface StateReaderParts {
  finder: Pick<EventFinder, 'entries' | 'links' | 'durableVersion'>;
  index: Pick<ConsultationIndex, 'snapshot'>;
  /** Hands over the bytes of a snapshot (index/snapshot-layout.ts) to whoever writes the index. */
  keepSnapshot: (consultationId: string, value: Uint8Array) => void;
}

/** What is known of a state at one version: its text, its fold, or both. */
interface KeptState {
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

export class StateReader {
  private readonly kept = new LruMap<string, KeptState>(limits.cachedStateBytesMax);
  /** One refresh of a consultation at a time: a fold is changed in place. */
  private readonly underWay = new Map<string, Promise<KeptState>>();

  constructor(private readonly parts: StateReaderParts) {}

  /** The state at `version` or later. It changes with the next read of the consultation. */
  async state(consultationId: string, version: number): Promise<ConsultationState> {
    const { fold } = await this.upTo(consultationId, version, 'fold');
    return fold.state;
  }

  /** The text of the state at `version` or later. */
  async text(consultationId: string, version: number): Promise<StateText> {
    const kept = await this.upTo(consultationId, version, 'text');
    return { version: kept.version, json: kept.text };
  }

  private async upTo<Part extends 'fold' | 'text'>(consultationId: string, version: number, part: Part) {
    let kept = this.kept.get(consultationId);
    while (kept === undefined || kept.version < version || kept[part] === undefined) {
      kept = await (this.underWay.get(consultationId) ?? this.refresh(consultationId, part));
    }
    return kept as KeptState & { [P in Part]: NonNullable<KeptState[P]> };
  }

  private refresh(consultationId: string, part: 'fold' | 'text'): Promise<KeptState> {
    const before = this.kept.get(consultationId) ?? this.fromSnapshot(consultationId);
    // A refresh that fails half-way leaves a fold that is further than what is known of it.
    this.kept.delete(consultationId);
    const refreshed = this.refreshed(consultationId, before, part)
      .then((kept) => {
        const { fold, text, bytes } = kept;
        this.kept.set(consultationId, kept, (fold ? 2 * bytes : 0) + (text?.length ?? 0));
        return kept;
      })
      .finally(() => this.underWay.delete(consultationId));
    this.underWay.set(consultationId, refreshed);
    return refreshed;
  }

  private fromSnapshot(consultationId: string): KeptState | undefined {
    const snapshot = this.parts.index.snapshot(consultationId);
    if (snapshot === undefined) return undefined;
    const { version, hash, stateText: text, patientStub } = snapshot;
    const bytes = text.length;
    return { version, hash, text, fold: undefined, patientStub, snapshotVersion: version, bytes };
  }

  private async refreshed(
    consultationId: string,
    before: KeptState | undefined,
    part: 'fold' | 'text',
  ): Promise<KeptState> {
    const last = this.parts.finder.durableVersion(consultationId);
    let kept = before;
    if (kept === undefined || kept.version < last) kept = await this.folded(consultationId, kept, last);
    const behind = kept.version - kept.snapshotVersion;
    const isDue = behind > Math.max(limits.snapshotEventsMin, kept.version * limits.snapshotVersionShare);
    if (part === 'fold') kept.fold ??= await foldOf(kept);
    if (part === 'text' || isDue) {
      kept.text ??= await textOf(kept);
      kept.bytes = kept.text.length;
      if (isDue) this.writeSnapshot(consultationId, kept, kept.text);
    }
    return kept;
  }

  /** The state with the events up to `last`, page by page. */
  private async folded(
    consultationId: string,
    before: KeptState | undefined,
    last: number,
  ): Promise<KeptState> {
    const { finder } = this.parts;
    let fold = before && (await foldOf(before));
    let { hash, bytes } = before ?? { hash: '', bytes: 0 };
    for (let version = before?.version ?? 0; version < last; ) {
      const to = Math.min(last, version + limits.pageEventsMax);
      const entries = finder.entries(consultationId, version + 1, to);
      const links = await finder.links(consultationId, entries);
      fold = await unhurried(foldLinks(links, fold));
      for (const { link } of links) bytes += link.length;
      hash = entries.at(-1)?.hash ?? '';
      version = to;
    }
    assert(fold !== undefined && fold.state.version === last, 'the fold has every event');
    const patientStub = before?.patientStub ?? canonicalJson(fold.patientStub);
    const snapshotVersion = before?.snapshotVersion ?? 0;
    return { version: last, hash, text: undefined, fold, patientStub, snapshotVersion, bytes };
  }

  private writeSnapshot(consultationId: string, kept: KeptState, stateText: Buffer): void {
    const { version, hash, patientStub } = kept;
    // One that is too large is as good as written: it is thought of again after as many events.
    kept.snapshotVersion = version;
    if (stateText.length > limits.snapshotBytesMax) return;
    this.parts.keepSnapshot(consultationId, encodeSnapshot({ version, hash, patientStub, stateText }));
  }
}

async function foldOf({ fold, text, patientStub }: KeptState): Promise<ConsultationFold> {
  if (fold !== undefined) return fold;
  assert(text !== undefined, 'a kept state has a fold or a text');
  return foldOfState(await unhurried(stateOfText(text)), JSON.parse(patientStub) as JsonObject);
}

async function textOf({ fold }: KeptState): Promise<Buffer> {
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
): Generator<undefined, ConsultationFold | undefined> {
  let fold = before;
  for (const { link } of links) {
    fold = foldEvent(fold, foldedEventOfLink(link));
    yield;
  }
  return fold;
}
