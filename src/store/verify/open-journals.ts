/** Opens all journals for reading, as they are at one moment, while a service may delete some and begin others. */
import { join } from 'node:path';
import { journalFirstSequence } from '../../log/journal-format.js';
import type { Disk } from '../../ops/disk.js';
import { JOURNALS } from './data-directory.js';
import type { OpenJournal } from './journal-check.js';
import { unreadable, type VerifyReport } from './verify-report.js';

/**
 * The journals, oldest first. An open file stays readable when its name is deleted, so all that the log had at this
 * moment can be read: what is deleted before it, the manifest lists already when it is read after it.
 */
export async function openJournals(
  disk: Disk,
  dataDir: string,
  report: VerifyReport,
): Promise<OpenJournal[]> {
  const directory = join(dataDir, JOURNALS);
  for (;;) {
    const journals: OpenJournal[] = [];
    const unreadables: { path: string; firstSequence: number; what: string }[] = [];
    for (const name of await disk.list(directory)) {
      const firstSequence = journalFirstSequence(name);
      if (firstSequence === undefined) continue;
      const path = `${JOURNALS}/${name}`;
      try {
        const file = await disk.open(join(directory, name), { mode: 'read' });
        journals.push({ path, firstSequence, file });
      } catch (error) {
        unreadables.push({ path, firstSequence, what: unreadable(error) });
      }
    }
    const names = new Set(await disk.list(directory));
    const isSettled = unreadables.every(({ path }) => names.has(path.slice(JOURNALS.length + 1)));
    if (isSettled) {
      for (const { path, firstSequence, what } of unreadables) {
        report.damage({ file: path, sequence: firstSequence, what });
      }
      return journals;
    }
    await closeJournals(journals);
  }
}

export async function closeJournals(journals: readonly OpenJournal[]): Promise<void> {
  await Promise.all(journals.map(({ file }) => file.close()));
}
