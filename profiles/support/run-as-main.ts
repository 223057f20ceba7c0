/** The command line of one kind of profile: `npm run profile:<kind>`, with the same options for all. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Presets, SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_OPTIONS, type ProfileOptions, SERVERS } from './profile-options.js';
import { type ProfileKind, runProfile } from './run-profile.js';
import { PROFILE_STAGES } from './stages.js';

/** Takes the profile if its file is the program that was started, and does nothing when it is only imported. */
export async function runAsMain<C>(module: string, profile: ProfileKind<C>): Promise<void> {
  if (process.argv[1] === undefined || fileURLToPath(module) !== process.argv[1]) return;
  const options = commandOf(profile).parse().opts<ProfileOptions>();
  const args = process.argv.slice(2);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const bar = new SingleBar({ format: `${profile.kind} [{bar}] {step}` }, Presets.shades_classic);
  bar.start(1000, 0, { step: '' });
  try {
    const { directory, meta } = await runProfile(profile, {
      options,
      command: [`npm run profile:${profile.kind}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      onProgress: (share, step) => bar.update(Math.round(share * 1000), { step }),
      signal: interrupted.signal,
    });
    bar.stop();
    const doubts = meta.invalid.map((reason) => `! not to be quoted: ${reason}\n`);
    const files = [...meta.files, 'meta.json'].join(', ');
    process.stdout.write(`${relative(process.cwd(), directory)}: ${files}\n${doubts.join('')}`);
  } catch (error) {
    bar.stop();
    process.stderr.write(`profile:${profile.kind}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function commandOf({ kind, title }: { kind: string; title: string }): Command {
  const { name, server, seconds, warmUpSeconds, connections, intervalUs, seed, corpus, dataDir } =
    DEFAULT_OPTIONS;
  return new Command(`profile:${kind}`)
    .description(
      `${title}, into profiles/${kind}/<name>/. Loads a service of its own, or attaches to a running one.`,
    )
    .option(
      '--pid <number>',
      'attach to this running service, without a restart, and send it nothing',
      positive,
    )
    .option('--url <url>', 'with --pid: where it answers, to count its appends (GET /metrics must be open)')
    .addOption(
      new Option('--server <server>', 'what to start: the service, or a route that stores nothing')
        .choices(SERVERS)
        .default(server),
    )
    .option('--name <name>', 'folder of the result', folderName, name)
    .option(
      '--output <directory>',
      'where to write instead of profiles/; an earlier profile in it is replaced',
    )
    .option('--seconds <number>', 'how long', positive, seconds)
    .option('--warm-up-seconds <number>', 'load before it', positive, warmUpSeconds)
    .option('--connections <number>', 'connections of the load', positive, connections)
    .option('--rate <number>', 'requests a second; otherwise as fast as they are answered', positive)
    .option('--interval-us <number>', 'between two samples of the processor', positive, intervalUs)
    .addOption(new Option('--stage <stage>', 'count functions in this stage only').choices(PROFILE_STAGES))
    .option('--corpus <files...>', 'NDJSON of consultations; otherwise synthetic ones', [...corpus])
    .option('--seed <number>', 'seed of what is random', Number, seed)
    .option('--data-dir <directory>', 'where the scratch directory of the service is made', dataDir);
}

function folderName(text: string): string {
  if (!/^[\w-]+$/.test(text)) throw new InvalidArgumentError('It must be letters, digits, - and _.');
  return text;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}
