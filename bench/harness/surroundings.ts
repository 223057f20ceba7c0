/** What a figure is worth only together with: the code, the machine, and the file system that holds the data. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { resolve } from 'node:path';
import type { Surroundings } from './result.js';

/** Takes them down. `directory` is where the benchmark keeps its data. */
export function surroundings(directory: string): Surroundings {
  return {
    started_at: new Date().toISOString(),
    commit: commit(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memory_bytes: totalmem(),
      kernel: `${type()} ${release()}`,
      os: operatingSystem(),
      file_system: fileSystem(directory),
      node: process.version,
    },
  };
}

/** One line: cores, processor, memory, kernel. */
export function machineLine({ machine }: Surroundings): string {
  const gib = (machine.memory_bytes / 1024 ** 3).toFixed(0);
  return `${machine.cores} × ${machine.cpu}, ${gib} GiB, ${machine.kernel}, ${machine.os}`;
}

/** The short commit, and `+` after it when files had changed since. */
export const commitText = ({ commit }: Surroundings): string => `${commit.hash}${commit.dirty ? '+' : ''}`;

function commit(): Surroundings['commit'] {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
    // Results are what a run writes; they do not change what it measures.
    const changed = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      ':!bench/results',
      ':!docs',
      ':!profiles/*/*/',
    );
    return { hash: git('rev-parse', '--short', 'HEAD'), dirty: changed !== '' };
  } catch {
    return { hash: 'unknown', dirty: false };
  }
}

function operatingSystem(): string {
  try {
    const [, name] = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
    return name ?? type();
  } catch {
    return type();
  }
}

/** The type of the mount that a directory is on, with its options; elsewhere than on Linux, the system's number. */
function fileSystem(directory: string): string {
  const path = resolve(directory);
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').trim().split('\n');
    const holds = (point: string): boolean => point === '/' || path === point || path.startsWith(`${point}/`);
    const found = mounts
      .map((line) => line.split(' '))
      .filter(([, point = '']) => holds(point.replaceAll('\\040', ' ')))
      .reduce((longest, next) => ((next[1]?.length ?? 0) >= (longest[1]?.length ?? 0) ? next : longest));
    return `${found[2]} (${found[3]})`;
  } catch {
    return `type ${statfsSync(path).type}`;
  }
}
