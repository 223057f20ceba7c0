/**
 * Writes docs/RESILIENCE.md from the results of the commands that try the store: `npm run torture` on the real
 * service and `npm run test:faults` on a simulated disk. Each writes its own results file and then the page, in
 * which the other's section stays as it was.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Surroundings } from '../support/surroundings-text.js';

/** One results file: all that its section of the page says. */
export interface ResilienceResult {
  /** How it was made. */
  command: string;
  surroundings: Surroundings;
  /** Whether every promise was kept. */
  passed: boolean;
  /** What, how much or how many, and what there is to say of it. */
  rows: readonly (readonly [what: string, measured: string, note: string])[];
  /** The whole report, for programs. */
  report: object;
}

/** The results files by what made them. */
export type ResultName = 'torture' | 'faults';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const SECTIONS: readonly { name: ResultName; title: string; command: string; about: string }[] = [
  {
    name: 'torture',
    title: 'The real service',
    command: 'npm run torture',
    about: `\`npx fi-consult torture\` ([cli.md](cli.md)) kills the service with kill -9 while clients append, fills its disk, flips
bytes in copies of its files, and checks after each start all that was acknowledged. Run it on your own machine and disk.`,
  },
  {
    name: 'faults',
    title: 'Simulated faults',
    command: 'npm run test:faults',
    about: `The store on a disk in memory that does what disks are allowed to do: it loses, tears and reorders what was not synced,
fails a call or a sync, fills up, and flips bits when it is read or at rest. A run is a few lives of a process, in which clients
append, read and repeat, journals roll and are sealed, segments are repacked; each ends by a power cut or a kill at any call, or
by a stop. After every start everything is compared with what the clients were told. The store, its HDF5 files and its threads
are the real code, one thing at a time in an order that the seed picks; the index is in memory, with what LMDB promises. Every
run can be had again from its seed ([decision 12](decisions/0012-simulated-disk.md)).`,
  },
];

export const resultPath = (name: ResultName, root = ROOT): string =>
  join(root, 'bench', 'results', `${name}.json`);
export const pagePath = (root = ROOT): string => join(root, 'docs', 'RESILIENCE.md');

/** Writes a results file, and the page anew from all that there are. */
export async function writeResult(name: ResultName, result: ResilienceResult, root = ROOT): Promise<void> {
  await mkdir(dirname(resultPath(name, root)), { recursive: true });
  await writeFile(resultPath(name, root), `${JSON.stringify(result, null, 2)}\n`);
  await mkdir(dirname(pagePath(root)), { recursive: true });
  await writeFile(pagePath(root), await resiliencePage(root));
}

/** The page, from the results files that there are. */
export async function resiliencePage(root = ROOT): Promise<string> {
  const sections = await Promise.all(
    SECTIONS.map(async ({ name, title, command, about }) => {
      const result = await readResult(resultPath(name, root));
      const figures = result === undefined ? `Not run yet: \`${command}\`.\n` : figuresOf(result);
      return `## ${title}\n\n${about}\n\n${figures}`;
    }),
  );
  return `# Resilience

What was done to the store and the service, and what was left of it. Made by the commands that each section names; do not
edit. [durability.md](durability.md) says what is promised, and which test shows it.

${sections.join('\n')}`;
}

async function readResult(path: string): Promise<ResilienceResult | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as ResilienceResult);
}

function figuresOf({ command, surroundings, passed, rows }: ResilienceResult): string {
  const { commit, takenAt, machine, node, loadBefore } = surroundings;
  const around = [
    ['command', `\`${command}\``, ''],
    ['commit', commit, ''],
    ['taken', takenAt, `load of the machine before: ${loadBefore}`],
    ['machine', machine, ''],
    ['Node', node, ''],
    ['verdict', passed ? 'passed' : '**FAILED**', ''],
  ];
  const line = (cells: readonly string[]): string =>
    `| ${cells.join(' | ')} |`.replace(/\| {2}(?=\|)/g, '| ');
  return `${[line(['', '', '']), '| --- | --- | --- |', ...[...around, ...rows].map(line)].join('\n')}\n`;
}
