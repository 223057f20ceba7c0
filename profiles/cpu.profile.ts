/**
 * Where the processor's time goes: a V8 profile of the service under load (`profile.cpuprofile`, for Chrome DevTools and
 * speedscope) and tables of it (`top.md`).
 *
 * `bench:check` takes one of the stage that broke its budget: `profileCpu` is what it calls.
 */
import { captureThreads, cpuSampling, type ThreadsCapture } from './support/capture-cpu.js';
import { costTables, profileHead, profilePage, threadTable } from './support/cost-tables.js';
import { type Costs, costsOf } from './support/costs.js';
import type { CpuProfile } from './support/cpu-profile.js';
import { DEFAULT_OPTIONS, type ProfileOptions } from './support/profile-options.js';
import { runAsMain } from './support/run-as-main.js';
import { type Profiled, type ProfileKind, runProfile } from './support/run-profile.js';

export const cpuProfile: ProfileKind<ThreadsCapture> = {
  kind: 'cpu',
  title: 'CPU profile of the service',
  sampling: cpuSampling,
  capture: captureThreads,
  files({ main, workers }, meta, { stage }) {
    const costs = costsOf(main, stage);
    const head = profileHead('CPU profile', meta, cpuFacts(main, costs));
    const tables = [...costTables(costs, meta, stage), threadTable(costs, workers)];
    return {
      'profile.cpuprofile': JSON.stringify(main),
      ...Object.fromEntries(
        workers.map(({ name, profile }) => [`${name}.cpuprofile`, JSON.stringify(profile)]),
      ),
      'top.md': profilePage(head, tables),
    };
  },
};

/** How much of the time the main thread worked, and how finely it was looked at. */
export function cpuFacts({ samples }: CpuProfile, { busy, all }: Costs): string[] {
  const share = ((100 * busy) / all).toFixed(0);
  return [`the main thread worked ${share} % of the time; ${samples.length.toLocaleString('en-US')} samples`];
}

/** Takes a CPU profile as `npm run profile:cpu` does, with the options that differ from its defaults. */
export function profileCpu(options: Partial<ProfileOptions>): Promise<Profiled> {
  const flags = Object.entries(options).map(
    ([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`,
  );
  const command = ['npm run profile:cpu', ...(flags.length > 0 ? ['--', ...flags] : [])].join(' ');
  return runProfile(cpuProfile, { options: { ...DEFAULT_OPTIONS, ...options }, command });
}

await runAsMain(import.meta.url, cpuProfile);
