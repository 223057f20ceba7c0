/**
 * Gives the states of consultations: from memory, or from the newest snapshot, and what came after it.
 *
 * How long a history is does not matter to a read: what is new is folded onto what is kept, and the text of a
 * state is made once for each version. A snapshot is written when a read had to fold a good share of the
 * history, so that all writing together stays proportional to the events.
 */
import type { ConsultationState } from '../domain/consultation-state.js';
import { limits } from '../domain/limits.js';
import type { ConsultationIndex } from '../index/consultation-index.js';
import { encodeSnapshot } from '../index/snapshot-layout.js';
import { LruMap } from '../ops/lru-map.js';
import type { EventFinder } from './event-finder.js';
import type { StateText } from './event-store.js';
import { foldedTo, foldOf, type KeptState, keptOfSnapshot, textOf } from './kept-state.js';

export interface StateReaderParts {
  finder: Pick<EventFinder, 'entries' | 'links' | 'durableVersion'>;
  index: Pick<ConsultationIndex, 'snapshot'>;
  /** Hands over the bytes of a snapshot (index/snapshot-layout.ts) to whoever writes the index. */
  keepSnapshot: (consultationId: string, value: Uint8Array) => void;
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

  /**
   * What is known of a state at `version` or before it: a copy of what is in memory, or the snapshot. A fold can be
   * made of it without one that others use being changed.
   */
  knownBefore(consultationId: string, version: number): KeptState | undefined {
    const kept = this.kept.get(consultationId);
    if (kept?.text !== undefined && kept.version <= version) return { ...kept, fold: undefined };
    const snapshot = this.fromSnapshot(consultationId);
    return snapshot !== undefined && snapshot.version <= version ? snapshot : undefined;
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
    return snapshot && keptOfSnapshot(snapshot);
  }

  private async refreshed(
    consultationId: string,
    before: KeptState | undefined,
    part: 'fold' | 'text',
  ): Promise<KeptState> {
    const last = this.parts.finder.durableVersion(consultationId);
    let kept = before;
    if (kept === undefined || kept.version < last)
      kept = await foldedTo(this.parts.finder, consultationId, kept, last);
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

  private writeSnapshot(consultationId: string, kept: KeptState, stateText: Buffer): void {
    const { version, hash, patientStub } = kept;
    // One that is too large is as good as written: it is thought of again after as many events.
    kept.snapshotVersion = version;
    if (stateText.length > limits.snapshotBytesMax) return;
    this.parts.keepSnapshot(consultationId, encodeSnapshot({ version, hash, patientStub, stateText }));
  }
}
