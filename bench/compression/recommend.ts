/** Which codec is the default, by rule: docs/codecs.md says why the rule is what it is. */
import { scalarValue } from '../harness/measures.js';
import type { CaseResult } from '../harness/result.js';

/** Twice what the service can take in at most, so that sealing keeps pace with half a core. */
export const SEAL_MB_PER_SECOND_MIN = 15;
/** A segment of 64 MiB is scanned in about a second. */
export const READ_MB_PER_SECOND_MIN = 50;

export interface Candidate {
  codec: string;
  bytesPerEvent: number;
  seals: number;
  reads: number;
}

/** The measured segments. */
export function candidatesOf(cases: readonly CaseResult[]): Candidate[] {
  return cases
    .filter(({ parameters, validity }) => parameters.kind === 'segment' && validity.status === 'valid')
    .map(({ parameters, measures }) => ({
      codec: String(parameters.codec),
      bytesPerEvent: scalarValue(measures.bytes_per_event) ?? Number.NaN,
      seals: scalarValue(measures.seals) ?? Number.NaN,
      reads: scalarValue(measures.reads) ?? Number.NaN,
    }));
}

/** Whether every HDF5 reads it without a plugin. */
const isBuiltIn = (codec: string): boolean => codec === 'none' || codec.startsWith('gzip:');

/** The smallest of those that are fast enough; with `anyReader`, also of those that need a plugin. */
export function recommended(candidates: readonly Candidate[], anyReader: boolean): Candidate | undefined {
  return candidates
    .filter(({ codec }) => anyReader || isBuiltIn(codec))
    .filter(({ seals, reads }) => seals >= SEAL_MB_PER_SECOND_MIN && reads >= READ_MB_PER_SECOND_MIN)
    .toSorted((a, b) => a.bytesPerEvent - b.bytesPerEvent)[0];
}
