/** A budget that breaks is looked into at once: a CPU profile of the service, of the stage that is furthest beyond its limit. */
import type { Profiled } from '../../profiles/support/run-profile.js';
import { PROFILE_STAGES, type ProfileStage } from '../../profiles/support/stages.js';
import type { Judged, Judgement } from './judge.js';

const WARM_UP_SECONDS_MAX = 3;

export interface BreachProfile extends Profiled {
  /** None: all of the service. */
  stage: ProfileStage | undefined;
}

/**
 * The stage to look into: `undefined` for the request as a whole, `null` if no budget of a stage is broken.
 * A stage says more than the total that it is a part of.
 */
export function breachedStage({ judged }: Judgement): ProfileStage | undefined | null {
  const broken = judged.filter(({ budget, verdict }) => verdict === 'fail' && budget.stage !== undefined);
  if (broken.length === 0) return null;
  const beyond = ({ budget, value }: Judged): number => (value ?? budget.fail) / budget.fail;
  const sorted = broken.toSorted((a, b) => beyond(b) - beyond(a));
  const stages = sorted.map(({ budget }) => PROFILE_STAGES.find((stage) => stage === budget.stage));
  return stages.find((stage) => stage !== undefined);
}

/** Profiles it for so long, into `profiles/cpu/breach-<stage>` or a folder of that name in `directory`. */
export async function profileBreach(
  stage: ProfileStage | undefined,
  { seconds, directory, dataDir }: { seconds: number; directory: string | undefined; dataDir: string },
): Promise<BreachProfile> {
  // Loaded late: most checks need no profiler.
  const { profileCpu } = await import('../../profiles/cpu.profile.js');
  const name = `breach-${stage ?? 'total'}`;
  const profiled = await profileCpu({
    name,
    seconds,
    warmUpSeconds: Math.min(WARM_UP_SECONDS_MAX, seconds),
    dataDir,
    ...(stage !== undefined && { stage }),
    ...(directory !== undefined && { output: `${directory}/${name}` }),
  });
  return { ...profiled, stage };
}
