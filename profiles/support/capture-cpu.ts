/** Samples where a process spends its processor time while it is loaded. */
import { type CpuProfile, withoutMachinePaths } from './cpu-profile.js';
import type { ProfileOptions } from './profile-options.js';
import type { Done, Target } from './target.js';

/** Of the main thread, with paths relative to the repository. */
export async function captureCpu(
  { session }: Target,
  { intervalUs }: ProfileOptions,
  load: () => Promise<Done>,
): Promise<CpuProfile> {
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: intervalUs });
  await session.send('Profiler.start');
  await load();
  const { profile } = (await session.send('Profiler.stop')) as { profile: CpuProfile };
  await session.send('Profiler.disable');
  return withoutMachinePaths(profile);
}

/** As the kinds of profile that are made of it declare it. */
export const cpuSampling = ({ intervalUs }: ProfileOptions) => ({ every: intervalUs, unit: 'us' as const });
