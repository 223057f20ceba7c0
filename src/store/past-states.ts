/**
 * Gives the states of consultations as they were. A past version is folded for whoever asks, from the newest state
 * that is kept and is not past it: nothing is kept of the past, since it is asked for seldom.
 */
import type { ConsultationState } from '../domain/consultation-state.js';
import { assert, CodedError } from '../domain/errors.js';
import type { FoldedEvent } from '../domain/event.js';
import { limits } from '../domain/limits.js';
import { stateOfText } from '../domain/state-text.js';
import { LinkView } from '../domain/stored-event.js';
import type { EventFinder } from './event-finder.js';
import type { AsOf, Difference, StateText } from './event-store.js';
import { foldedTo, foldOf, type KeptState, textOf } from './kept-state.js';
import { statePatch } from './state-patch.js';
import type { StateReader } from './state-reader.js';
import { Turnstile } from './turnstile.js';
import { unhurried } from './unhurried.js';

export class PastStates {
  /** A fold holds a whole state in memory, and its time on the main thread is taken from others. */
  private readonly turnstile = new Turnstile(limits.pastReadsMax, limits.pastReadsWaitingMax);

  constructor(
    private readonly finder: Pick<EventFinder, 'entries' | 'links'>,
    private readonly states: Pick<StateReader, 'knownBefore'>,
  ) {}

  /** The version that `asOf` means, of a consultation at version `newest`. VERSION_NOT_FOUND if it had none. */
  async version(consultationId: string, newest: number, asOf: AsOf): Promise<number> {
    const version =
      'version' in asOf ? asOf.version : await this.versionAt(consultationId, newest, asOf.timeMs);
    if (version >= 1 && version <= newest) return version;
    const detail =
      version < 1
        ? 'The consultation was not started yet at that time.'
        : `The consultation is at version ${newest}.`;
    throw new CodedError(
      'VERSION_NOT_FOUND',
      `${detail} Ask for a version from 1 to ${newest}, or for a later time.`,
      {
        extensions: { version: newest },
      },
    );
  }

  /** The state at a version. It belongs to the caller. */
  state(consultationId: string, version: number): Promise<ConsultationState> {
    return this.turnstile.through(async () => (await foldOf(await this.at(consultationId, version))).state);
  }

  text(consultationId: string, version: number): Promise<StateText> {
    return this.turnstile.through(async () => {
      const kept = await this.at(consultationId, version);
      return { version, json: kept.text ?? (await textOf(kept)) };
    });
  }

  /** What changed from one version to a later one, or the same. */
  difference(consultationId: string, fromVersion: number, toVersion: number): Promise<Difference> {
    return this.turnstile.through(async () => {
      const from = await this.at(consultationId, fromVersion);
      // The text is the copy that stays as it was while the fold goes on.
      const text = from.text ?? (await textOf(from));
      const before = await unhurried(stateOfText(text));
      const eventsJson: string[] = [];
      const to = await foldedTo(this.finder, consultationId, from, toVersion, (event) =>
        eventsJson.push(briefJson(event)),
      );
      const after = (await foldOf(to)).state;
      const patchJson = await unhurried(statePatch(before, after));
      return { fromVersion, toVersion, patchJson, eventsJson };
    });
  }

  private async at(consultationId: string, version: number): Promise<KeptState> {
    const known = this.states.knownBefore(consultationId, version);
    if (known?.version === version) return known;
    return foldedTo(this.finder, consultationId, known, version);
  }

  /** The newest version of a time at or before `timeMs`; 0 if there is none. Times never go back with versions. */
  private async versionAt(consultationId: string, newest: number, timeMs: number): Promise<number> {
    if ((await this.timeOf(consultationId, newest)) <= timeMs) return newest;
    let low = 0;
    let high = newest - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await this.timeOf(consultationId, middle)) <= timeMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private async timeOf(consultationId: string, version: number): Promise<number> {
    const entries = this.finder.entries(consultationId, version, version);
    const [found] = await this.finder.links(consultationId, entries);
    assert(found !== undefined, 'an event that is durable is found');
    return new LinkView(found.link).timestampMs;
  }
}

function briefJson({ event_id, version, timestamp, event_type }: FoldedEvent): string {
  return JSON.stringify({ event_id, version, timestamp, event_type });
}

/** VALIDATION_FAILED if two versions are in the wrong order, or have too many events between them. */
export function checkDifference(fromVersion: number, toVersion: number): void {
  const fault =
    fromVersion > toVersion
      ? 'must not be after to_version'
      : toVersion - fromVersion > limits.differenceEventsMax
        ? `must be at most ${limits.differenceEventsMax} before to_version, or before the newest version`
        : undefined;
  if (fault === undefined) return;
  throw new CodedError('VALIDATION_FAILED', 'The two versions cannot be compared; errors says why.', {
    errors: [{ path: '/from_version', message: fault }],
  });
}
