/** What a figure is worth only together with: the code, the machine, and what else it was doing. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Surroundings {
  /** The short commit; `+` after it when files had changed since. `unknown` outside of a clone. */
  commit: string;
  /** RFC 3339 UTC. */
  takenAt: string;
  machine: string;
  node: string;
  /** The load averages of one, five and fifteen minutes. */
  loadBefore: string;
}

export function surroundings(): Surroundings {
  const [cpu] = cpus();
  const memoryGib = (totalmem() / 1024 ** 3).toFixed(0);
  return {
    commit: commit(),
    takenAt: new Date().toISOString(),
    machine: `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${memoryGib} GiB, ${type()} ${release()}`,
    node: process.version,
    loadBefore: loadavg()
      .map((load) => load.toFixed(2))
      .join(', '),
  };
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'unknown';
  }
}
