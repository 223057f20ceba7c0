/** Checks the audit trail: the hash of every line, the chain over all files, and that no number is left out. */
import { join } from 'node:path';
import { visitLines } from '../../audit/trail-file.js';
import { GENESIS_HASH, type ReadLine, trailFileName, trailFileNumber } from '../../audit/trail-format.js';
import type { Disk } from '../../ops/disk.js';
import { AUDIT } from './data-directory.js';
import { type AuditAnchor, unreadable, type VerifyReport } from './verify-report.js';

/** What the trail was found to be. */
export interface AuditFindings {
  entries: number;
  bytes: number;
  /** The newest entry and the hash of its line; none if there is no trail, or if damage left no way to tell. */
  head: AuditAnchor | undefined;
}

export async function checkAudit(
  disk: Disk,
  dataDir: string,
  { report, expected }: { report: VerifyReport; expected: readonly AuditAnchor[] },
): Promise<AuditFindings> {
  const check = new AuditCheck(report, expected);
  const names = await disk.list(join(dataDir, AUDIT));
  const files = names.filter((name) => trailFileNumber(name) !== undefined);
  for (const name of files) await check.add(disk, dataDir, name, name === files.at(-1));
  check.finish();
  return check.findings;
}

class AuditCheck {
  readonly findings: AuditFindings = { entries: 0, bytes: 0, head: undefined };
  #nextNumber = 1;
  /** The hash of the line before; `undefined` after damage, which the next line cannot be held against. */
  #hash: string | undefined = GENESIS_HASH;
  #waiting: readonly AuditAnchor[];

  constructor(
    private readonly report: VerifyReport,
    expected: readonly AuditAnchor[],
  ) {
    this.#waiting = expected;
  }

  async add(disk: Disk, dataDir: string, name: string, isLast: boolean): Promise<void> {
    const { report } = this;
    const file = `${AUDIT}/${name}`;
    const due = trailFileName(this.#nextNumber);
    if (name !== due && this.#hash !== undefined) {
      report.damage({ file, offset: 0, what: `the file ${due} is due here: one is missing, or was cut` });
      this.#hash = undefined;
    }
    if (this.#hash === undefined) this.#nextNumber = trailFileNumber(name) as number;
    let torn: ReadLine | undefined;
    let tornBytes = 0;
    try {
      const end = await visitLines(disk, join(dataDir, AUDIT, name), (read) => {
        // Only the very last line may be one that was not written to its end.
        if (torn !== undefined) this.#damage(file, torn.offset, 'the line is not what was written');
        torn = read.hasHole ? read : undefined;
        if (read.line === undefined && !read.hasHole) {
          this.#damage(file, read.offset, 'the line is not what was written');
        }
        this.#take(file, read);
        return true;
      });
      tornBytes = end.tornBytes + (torn === undefined ? 0 : end.endOffset - torn.offset);
      this.findings.bytes += end.endOffset + end.tornBytes;
      report.done(end.endOffset + end.tornBytes);
    } catch (error) {
      this.#damage(file, 0, unreadable(error));
      return;
    }
    if (tornBytes === 0) return;
    if (!isLast) this.#damage(file, torn?.offset ?? 0, 'the last line is not what was written');
    else
      report.note(`${file}: the last ${tornBytes} bytes are a line in progress, or were cut off by a kill`);
  }

  finish(): void {
    const last = this.#nextNumber - 1;
    for (const { number } of this.#waiting) {
      const what =
        number > last
          ? `entry ${number} of the audit trail is missing: the newest one is ${last}`
          : `entry ${number} of the audit trail does not have the expected hash`;
      this.report.damage({ file: AUDIT, what });
    }
    if (this.#hash !== undefined && last > 0) this.findings.head = { number: last, hash: this.#hash };
  }

  #take(file: string, { offset, hash, line }: ReadLine): void {
    if (line === undefined) return;
    const { number, previous, entries } = line;
    if (this.#hash !== undefined && previous !== this.#hash) {
      this.#damage(file, offset, 'the line does not follow the one before it: one was changed or is missing');
    } else if (this.#hash !== undefined && number !== this.#nextNumber) {
      this.#damage(file, offset, `it begins with entry ${number} where ${this.#nextNumber} is due`);
    }
    this.#nextNumber = number + entries.length;
    this.#hash = hash;
    this.findings.entries += entries.length;
    const head = this.#nextNumber - 1;
    this.#waiting = this.#waiting.filter((anchor) => anchor.number !== head || anchor.hash !== hash);
  }

  #damage(file: string, offset: number, what: string): void {
    this.report.damage({ file, offset, what });
    this.#hash = undefined;
  }
}
