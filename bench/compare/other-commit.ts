/** Another commit of this repository, built in a git worktree outside of it. */
import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Checkout {
  directory: string;
  /** The short hash. */
  commit: string;
  /** Takes it off git's list of worktrees, with its files. */
  remove(): Promise<void>;
}

/**
 * Checks a commit out into a directory that does not exist yet, and builds it. With the same lock file it shares the
 * installed packages; otherwise `npm ci` installs its own. Throws what git or npm say when one of them fails.
 */
export async function buildCommit(
  repository: string,
  commitish: string,
  directory: string,
): Promise<Checkout> {
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', ['-C', repository, ...args])).stdout.trim();
  // What a run that was killed has left on the list, and not on the disk.
  await git('worktree', 'prune');
  const commit = await git('rev-parse', '--short', '--verify', `${commitish}^{commit}`);
  await git('worktree', 'add', '--quiet', '--detach', directory, commit);
  const remove = async (): Promise<void> => {
    await git('worktree', 'remove', '--force', directory);
  };
  try {
    if (await isSame(join(repository, 'package-lock.json'), join(directory, 'package-lock.json'))) {
      await symlink(join(repository, 'node_modules'), join(directory, 'node_modules'));
      await run('npm', ['run', '--silent', 'build'], { cwd: directory });
    } else {
      // Its `prepare` script builds it.
      await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: directory });
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { directory, commit, remove };
}

async function isSame(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([readFile(a), readFile(b)]);
  return one.equals(other);
}
