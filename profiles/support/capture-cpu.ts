/** Samples where a process spends its processor time while it is loaded. */
import { type CpuProfile, withoutMachinePaths } from './cpu-profile.js';
import type { Inspected } from './inspector-session.js';
import type { ProfileOptions } from './profile-options.js';
import type { Done, Target } from './target.js';
import { workersOf } from './worker-sessions.js';

/** Of the main thread, with paths relative to the repository. */
export async function captureCpu(
  { session }: Target,
  options: ProfileOptions,
  load: () => Promise<Done>,
): Promise<CpuProfile> {
  await startSampling(session, options);
  await load();
  return stopSampling(session);
}

export interface ThreadProfile {
  /** Such as `index-worker`: the file that it runs. */
  name: string;
  profile: CpuProfile;
}

export interface ThreadsCapture {
  main: CpuProfile;
  /** Those that were there at the start and at the end: one that compresses a segment comes and goes. */
  workers: readonly ThreadProfile[];
}

/** Of the main thread, and of each worker thread. */
export async function captureThreads(
  target: Target,
  options: ProfileOptions,
  load: () => Promise<Done>,
): Promise<ThreadsCapture> {
  const workers = await workersOf(target.session);
  await Promise.all(workers.map((worker) => startSampling(worker, options)));
  const main = await captureCpu(target, options, load);
  const stopped = await Promise.allSettled(
    workers.map(async (worker) => ({ name: worker.name, profile: await stopSampling(worker) })),
  );
  await target.session.send('NodeWorker.disable');
  const profiles = stopped.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return { main, workers: profiles };
}

async function startSampling(inspected: Inspected, { intervalUs }: ProfileOptions): Promise<void> {
  await inspected.send('Profiler.enable');
  await inspected.send('Profiler.setSamplingInterval', { interval: intervalUs });
  await inspected.send('Profiler.start');
}

async function stopSampling(inspected: Inspected): Promise<CpuProfile> {
  const { profile } = (await inspected.send('Profiler.stop')) as { profile: CpuProfile };
  await inspected.send('Profiler.disable');
  return withoutMachinePaths(profile);
}

/** As the kinds of profile that are made of it declare it. */
export const cpuSampling = ({ intervalUs }: ProfileOptions) => ({ every: intervalUs, unit: 'us' as const });
