/** `npm run profile:baseline`: takes one small profile of each kind, and writes docs/PROFILING_BASELINE.md from them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { cpuProfile } from './cpu.profile.js';
import { flameProfile } from './flame.profile.js';
import { heapProfile } from './heap.profile.js';
import { linesProfile } from './lines.profile.js';
import { BASELINE, baselineDocument, CEILING, readBaseline } from './support/baseline-document.js';
import { ROOT } from './support/portable-url.js';
import { DEFAULT_OPTIONS, type ProfileOptions } from './support/profile-options.js';
import { type ProfileKind, runProfile } from './support/run-profile.js';

/** So many samples that the files stay small enough to be kept in the repository. */
const SIZE: Partial<ProfileOptions> = { seconds: 8, intervalUs: 500 };

/** Takes all profiles, one after the other. */
async function takeAll(): Promise<void> {
  await take(cpuProfile, { name: BASELINE });
  await take(cpuProfile, { name: CEILING, server: 'ceiling' });
  await take(linesProfile, { name: BASELINE });
  await take(heapProfile, { name: BASELINE });
  await take(flameProfile, { name: BASELINE });
}

async function take<C>(kind: ProfileKind<C>, own: Partial<ProfileOptions>): Promise<void> {
  process.stdout.write(`profile:${kind.kind} of ${own.server ?? 'the service'}\n`);
  const options = { ...DEFAULT_OPTIONS, ...SIZE, ...own };
  await runProfile(kind, { options, command: 'npm run profile:baseline' });
}

const { documentOnly } = new Command('profile:baseline')
  .description('Takes one profile of each kind and writes docs/PROFILING_BASELINE.md from them.')
  .option('--document-only', 'write the document from the profiles that are there')
  .parse()
  .opts<{ documentOnly?: true }>();
if (!documentOnly) await takeAll();
await writeFile(join(ROOT, 'docs', 'PROFILING_BASELINE.md'), baselineDocument(await readBaseline()));
process.stdout.write('docs/PROFILING_BASELINE.md\n');
