/** Takes a profile of any kind: opens the service, captures under load, writes the folder with its `meta.json`. */
import { surroundings } from '../../bench/harness/surroundings.js';
import { checkedMeta, type Meta } from './meta.js';
import { checkFolder, replaceFolder } from './output-folder.js';
import { outputOf, type ProfileKindName, type ProfileOptions } from './profile-options.js';
import { type Scheduling, schedulingBetween, schedulingOf } from './scheduling.js';
import { type Done, openTarget, type Target } from './target.js';

/** What is told of a profile to those who write its files. */
export type MetaSoFar = Omit<Meta, 'files'>;
/** Files of a profile, by their names. */
export type ProfileFiles = Readonly<Record<string, string>>;

export interface ProfileKind<Captured> {
  kind: ProfileKindName;
  title: string;
  /** What lies between two samples. */
  sampling(options: ProfileOptions): Meta['sampling'];
  /** Starts sampling, calls `load`, stops. Nothing else may keep the service busy meanwhile. */
  capture(target: Target, options: ProfileOptions, load: () => Promise<Done>): Promise<Captured>;
  /** The files to write; long work is done here, when the service has been let go of. */
  files(captured: Captured, meta: MetaSoFar, options: ProfileOptions): Promise<ProfileFiles> | ProfileFiles;
}

export interface RunProfile {
  options: ProfileOptions;
  /** As somebody would type it. */
  command: string;
  onProgress?: (share: number, step: string) => void;
  /** Ends a profile of a running service early; what was sampled until then is written. */
  signal?: AbortSignal;
}

export interface Profiled {
  /** The folder that was written. */
  directory: string;
  meta: Meta;
}

/** Takes one. An earlier profile in its folder is replaced. Throws what stands in the way, with the service let go of. */
export async function runProfile<C>(profile: ProfileKind<C>, run: RunProfile): Promise<Profiled> {
  const { options, command, onProgress = () => undefined, signal = new AbortController().signal } = run;
  const directory = outputOf(profile.kind, options);
  await checkFolder(directory);
  const around = surroundings(options.dataDir);
  onProgress(0, options.pid === undefined ? 'starting a service' : `attaching to ${options.pid}`);
  const { captured, done, scheduling } = await captureOf(profile, options, signal, onProgress);
  onProgress(1, 'writing');
  const meta: MetaSoFar = {
    schema_version: 1,
    kind: profile.kind,
    name: options.name,
    command,
    ...around,
    duration_seconds: done.seconds,
    attached: options.pid !== undefined,
    server: options.server,
    load: loadText(options),
    requests: done.requests ?? null,
    scheduling,
    sampling: profile.sampling(options),
    invalid: [...done.invalid],
  };
  const files = await profile.files(captured, meta, options);
  const whole = checkedMeta({ ...meta, files: Object.keys(files) });
  await replaceFolder(directory, files, whole);
  return { directory, meta: whole };
}

async function captureOf<C>(
  profile: ProfileKind<C>,
  options: ProfileOptions,
  signal: AbortSignal,
  onProgress: (share: number, step: string) => void,
): Promise<{ captured: C; done: Done; scheduling: Scheduling | null }> {
  const target = await openTarget(options, signal);
  try {
    let done: Done | undefined;
    let scheduling: Scheduling | null = null;
    const captured = await profile.capture(target, options, async () => {
      const before = await schedulingOf(target.pid);
      done = await target.run(options.seconds, (share) => onProgress(share, `pid ${target.pid}`));
      scheduling = schedulingBetween(before, await schedulingOf(target.pid));
      return done;
    });
    if (done === undefined) throw new Error(`profile:${profile.kind} measured nothing`);
    return { captured, done, scheduling };
  } finally {
    await target.end();
  }
}

function loadText({ pid, connections, rate, warmUpSeconds, corpus, seed }: ProfileOptions): Meta['load'] {
  if (pid !== undefined) return null;
  return {
    connections,
    rate_per_second: rate ?? null,
    warm_up_seconds: warmUpSeconds,
    corpus: corpus.length === 0 ? 'synthetic' : `${corpus.length} files`,
    seed,
  };
}
