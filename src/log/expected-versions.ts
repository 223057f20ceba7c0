/** The versions of consultations as the log has accepted them: how it decides whether an expected version holds. */
import { CodedError } from '../domain/errors.js';

/** The version of a consultation in what was already indexed; 0 if it is not there. */
export type IndexedVersion = (consultationId: string) => number;

/**
 * Versions of the consultations that have events which the index has not taken in yet; the index is asked for
 * the rest, so that memory does not grow with history.
 */
export class ExpectedVersions {
  private readonly recent = new Map<string, { version: number; sequence: number }>();

  constructor(private readonly indexedVersion: IndexedVersion) {}

  get size(): number {
    return this.recent.size;
  }

  versionOf(consultationId: string): number {
    return this.recent.get(consultationId)?.version ?? this.indexedVersion(consultationId);
  }

  /** Throws WRONG_EXPECTED_VERSION, with the version it is at, unless the expectation holds. */
  check(consultationId: string, expectedVersion: number): void {
    const version = this.versionOf(consultationId);
    if (version === expectedVersion) return;
    throw new CodedError(
      'WRONG_EXPECTED_VERSION',
      `The consultation is at version ${version}, not ${expectedVersion}. Read it again and decide anew.`,
      { extensions: { version } },
    );
  }

  /** Notes that a consultation's events up to `version` were accepted, the last one with `sequence`. */
  set(consultationId: string, version: number, sequence: number): void {
    const known = this.recent.get(consultationId);
    if (known === undefined) {
      this.recent.set(consultationId, { version, sequence });
      return;
    }
    known.version = version;
    known.sequence = sequence;
  }

  /** Drops what the index has taken in. All are looked at: to keep them in order would cost every append more. */
  forget(indexedSequence: number): void {
    for (const [consultationId, { sequence }] of this.recent) {
      if (sequence <= indexedSequence) this.recent.delete(consultationId);
    }
  }
}
