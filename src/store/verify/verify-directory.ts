/**
 * Checks every checksum, chain and root of a data directory, for reading only and without its lock, so that the
 * directory may be that of a running service.
 *
 * What is looked at first decides what may be concluded: how far the index is, then the journals, then the
 * manifest. So each knows at least what the one before it knew, however much is appended and sealed meanwhile.
 */
import { join } from 'node:path';
import { type IndexProgress, readIndexProgress } from '../../index/applied-sequence.js';
import { journalFirstSequence } from '../../log/journal-format.js';
import { type Disk, nodeDisk } from '../../ops/disk.js';
import { MANIFEST_FILE } from '../../segments/manifest.js';
import { isSealedFileName, type SealedSegment } from '../../segments/segment-layout.js';
import { AnchorCheck } from './anchor-check.js';
import { checkAudit } from './audit-check.js';
import { ChainCheck } from './chain-check.js';
import { INDEX, isOwnedByLiveProcess, JOURNALS, noteStrangers, SEGMENTS } from './data-directory.js';
import type { OpenJournal } from './journal-check.js';
import { checkLog } from './log-check.js';
import { checkManifest, segmentsOfFiles } from './manifest-check.js';
import { closeJournals, openJournals } from './open-journals.js';
import { checkSealed, checkSealedEvents, type SealedCheckOptions } from './sealed-check.js';
import type { Anchor, AuditAnchor, Damage, VerifyReport } from './verify-report.js';

export interface VerifyOptions {
  dataDir: string;
  /** The machine's by default. */
  disk?: Disk;
  /** How far the index in a folder is; read from its file by default. */
  readIndex?: (directory: string) => Promise<IndexProgress>;
  /** Roots that were noted elsewhere, to be found again. */
  expected?: readonly Anchor[];
  /** The same of the audit trail. */
  expectedAudit?: readonly AuditAnchor[];
  onDamage: (damage: Damage) => void;
  onNote: (note: string) => void;
  /** How many bytes are done, of how many in all. */
  onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Whether to look for the damaged event in a sealed file that is damaged; so by default. */
  locate?: boolean;
}

export interface VerifySummary {
  /** Damages reported. */
  damageCount: number;
  segments: number;
  journals: number;
  events: number;
  consultations: number;
  /** Of sealed files, journals and manifest. */
  bytes: number;
  /** The newest event and the root through it; no root if damage left no way to tell. */
  headSequence: number;
  root: string | undefined;
  /** Entries of the audit trail, and its newest one. */
  auditEntries: number;
  auditHead: AuditAnchor | undefined;
}

/** Whether a directory has anything of a store in it. */
export async function holdsStore(dataDir: string): Promise<boolean> {
  const names = await nodeDisk.list(dataDir);
  return [JOURNALS, SEGMENTS, INDEX].some((name) => names.includes(name));
}

/**
 * Checks a data directory. Damage is reported and never thrown; what is thrown is NATIVE_MODULE_MISSING, and
 * errors of a directory that cannot be listed.
 */
export async function verifyDirectory(options: VerifyOptions): Promise<VerifySummary> {
  const run = new VerifyRun(options);
  const { readIndex = readIndexProgress } = options;
  const index = await readIndex(join(options.dataDir, INDEX));
  const journals = await openJournals(options.disk ?? nodeDisk, options.dataDir, run.report);
  try {
    return await run.check(journals, index);
  } finally {
    await closeJournals(journals);
  }
}

class VerifyRun {
  readonly report: VerifyReport;
  readonly #disk: Disk;
  readonly #chain: ChainCheck;
  readonly #anchors: AnchorCheck;
  #damageCount = 0;
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(private readonly options: VerifyOptions) {
    this.#disk = options.disk ?? nodeDisk;
    this.report = {
      damage: (damage) => {
        this.#damageCount += 1;
        options.onDamage(damage);
      },
      note: options.onNote,
      done: (bytes) => {
        this.#doneBytes += bytes;
        options.onProgress?.(Math.min(this.#doneBytes, this.#totalBytes), this.#totalBytes);
      },
    };
    this.#chain = new ChainCheck(this.report);
    this.#anchors = new AnchorCheck(options.expected ?? [], this.report);
  }

  async check(journals: readonly OpenJournal[], index: IndexProgress): Promise<VerifySummary> {
    const { report } = this;
    const { dataDir } = this.options;
    const directory = join(dataDir, SEGMENTS);
    const manifest = await checkManifest(this.#disk, directory);
    const names = await this.#disk.list(directory);
    if (manifest.damage !== undefined) report.damage(manifest.damage);
    // A stop between sealing the first segment and listing it leaves the file, and its journal.
    const isLost = !manifest.isThere && names.some(isSealedFileName) && journals[0]?.firstSequence !== 1;
    if (isLost) report.damage({ file: `${SEGMENTS}/${MANIFEST_FILE}`, what: 'it is missing' });
    const isListed = manifest.segments.length > 0 || (manifest.damage === undefined && !isLost);
    const sealed = isListed ? manifest.segments : await segmentsOfFiles(this.#disk, names, directory, report);
    this.#totalBytes = manifest.bytes + (await totalBytes(sealed, journals));
    for (const segment of sealed) {
      await (isListed ? checkSealed : checkSealedEvents)(segment, this.#sealedOptions(directory));
    }
    const isOwned = await isOwnedByLiveProcess(this.#disk, dataDir);
    const { chain, anchors } = { chain: this.#chain, anchors: this.#anchors };
    const end = await checkLog(journals, { report, chain, anchors, sealed, isOwned });
    await this.#checkEnd(end.headSequence, journals, sealed, index);
    const expected = this.options.expectedAudit ?? [];
    const audit = await checkAudit(this.#disk, dataDir, { report, expected });
    await noteStrangers(this.#disk, dataDir, isListed ? sealed : undefined, report);
    return {
      damageCount: this.#damageCount,
      segments: sealed.length,
      journals: journals.length,
      events: this.#chain.eventCount,
      consultations: this.#chain.consultationCount,
      bytes: this.#totalBytes + audit.bytes,
      auditEntries: audit.entries,
      auditHead: audit.head,
      ...end,
    };
  }

  #sealedOptions(directory: string): SealedCheckOptions {
    const { dataDir, locate = true } = this.options;
    const relisted = async (segment: SealedSegment): Promise<SealedSegment | undefined> => {
      const { segments } = await checkManifest(this.#disk, directory);
      const now = segments.find(({ firstSequence }) => firstSequence === segment.firstSequence);
      return now?.sha256 === segment.sha256 && now.file === segment.file ? undefined : now;
    };
    const common = { report: this.report, chain: this.#chain, anchors: this.#anchors };
    return { disk: this.#disk, dataDir, ...common, relisted, locate };
  }

  /** Whether events are missing at the end, as far as anything tells. */
  async #checkEnd(
    headSequence: number,
    journals: readonly OpenJournal[],
    sealed: readonly SealedSegment[],
    index: IndexProgress,
  ): Promise<void> {
    const { report } = this;
    const file = journals.at(-1)?.path ?? JOURNALS;
    if (index.kind === 'unknown') {
      report.note(
        `index: ${index.reason}; the next start rebuilds it, and it is no witness of the newest events`,
      );
    }
    if (index.kind === 'known' && index.appliedSequence > headSequence) {
      const what = `the index knows event ${index.appliedSequence}, but the log ends with ${headSequence}: acknowledged events are missing`;
      report.damage({ file, sequence: headSequence + 1, what });
    } else if (journals.length === 0 && sealed.length > 0) {
      const what = 'there is no journal: the newest events are missing';
      report.damage({ file, sequence: headSequence + 1, what });
    } else if (await this.#isNewestSealed(journals, sealed)) {
      const what = 'it is sealed already, and there is no newer journal: the newest events are missing';
      report.damage({ file, sequence: headSequence + 1, what });
    }
    this.#anchors.finish(file, headSequence);
  }

  /** Looks again: a service begins a new journal before it seals the full one, which may be since the first look. */
  async #isNewestSealed(
    journals: readonly OpenJournal[],
    sealed: readonly SealedSegment[],
  ): Promise<boolean> {
    const sealedThrough = sealed.at(-1)?.lastSequence ?? 0;
    if ((journals.at(-1)?.firstSequence ?? Number.POSITIVE_INFINITY) > sealedThrough) return false;
    const names = await this.#disk.list(join(this.options.dataDir, JOURNALS));
    return names.every((name) => (journalFirstSequence(name) ?? 0) <= sealedThrough);
  }
}

async function totalBytes(
  sealed: readonly SealedSegment[],
  journals: readonly OpenJournal[],
): Promise<number> {
  const sizes = await Promise.all(journals.map(({ file }) => file.size()));
  return [...sizes, ...sealed.map(({ fileBytes }) => fileBytes)].reduce((sum, bytes) => sum + bytes, 0);
}
