/**
 * Flame graphs of the service under load: `flamegraph.html`, which 0x draws of a V8 profile and which zooms and searches, and
 * `flame.svg`, a picture of it for documents.
 *
 * 0x can also start a program itself under V8's `--prof`. It is given a profile instead, so that a running service can be
 * looked at as well, and so that both pictures show what `profile:cpu` counts.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zeroEks from '0x';
import { captureCpu, cpuSampling } from './support/capture-cpu.js';
import type { CpuProfile } from './support/cpu-profile.js';
import { flameSvg } from './support/flame-svg.js';
import { runAsMain } from './support/run-as-main.js';
import type { MetaSoFar, ProfileKind } from './support/run-profile.js';

export const flameProfile: ProfileKind<CpuProfile> = {
  kind: 'flame',
  title: 'Flame graph of the service',
  sampling: cpuSampling,
  capture: captureCpu,
  async files(profile, meta) {
    const text = JSON.stringify(profile);
    const title = flameTitle(meta);
    return {
      'profile.cpuprofile': text,
      'flamegraph.html': await pageOf0x(text, title),
      'flame.svg': flameSvg(profile, title),
    };
  },
};

/** What a flame graph says of itself. */
export function flameTitle({ server, load, commit, machine }: MetaSoFar): string {
  const loaded = load === null ? 'under the load of its clients' : `under ${load.connections} connections`;
  return `fi-consult, ${server} ${loaded}, main thread, commit ${commit.hash}, Node ${machine.node}`;
}

async function pageOf0x(profile: string, title: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fi-consult-flame-'));
  try {
    const name = 'flamegraph';
    const path = join(directory, 'profile.cpuprofile');
    await writeFile(path, profile);
    await zeroEks({ visualizeCpuProfile: path, workingDir: directory, title, name });
    return await readFile(join(directory, `${name}.html`), 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

await runAsMain(import.meta.url, flameProfile);
