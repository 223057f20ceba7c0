import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { buildCommit } from '../../../bench/compare/other-commit.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const run = promisify(execFile);

/** A repository with two commits, whose build writes down which one it is of; undefined where git is missing. */
async function repository(t: TestContext): Promise<{ path: string; first: string } | undefined> {
  const path = join(await temporaryDirectory(t), 'repository');
  const git = async (...args: string[]): Promise<string> => {
    const identity = [
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.org',
      '-c',
      'commit.gpgsign=false',
    ];
    return (await run('git', ['-C', path, ...identity, ...args])).stdout.trim();
  };
  await mkdir(join(path, 'node_modules'), { recursive: true });
  try {
    await git('init', '--quiet');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  await writeFile(join(path, '.gitignore'), 'node_modules\nbuilt\n');
  await writeFile(join(path, 'package-lock.json'), '{}');
  const build = "node -e \"fs.copyFileSync('source', 'built'); fs.readdirSync('node_modules')\"";
  await writeFile(join(path, 'package.json'), JSON.stringify({ name: 'sample', scripts: { build } }));
  const commit = async (text: string): Promise<string> => {
    await writeFile(join(path, 'source'), text);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', text);
    return git('rev-parse', 'HEAD');
  };
  const first = await commit('first');
  await commit('second');
  return { path, first };
}

test('another commit is built beside this one, with its packages, and leaves nothing behind', async (t) => {
  const sample = await repository(t);
  if (sample === undefined) return t.skip('git is not installed');
  const { path, first } = sample;
  const directory = join(path, '..', 'other');
  const checkout = await buildCommit(path, first, directory);
  assert.ok(first.startsWith(checkout.commit));
  assert.equal(await readFile(join(directory, 'built'), 'utf8'), 'first');
  assert.equal(await readFile(join(path, 'source'), 'utf8'), 'second', 'this one is as it was');
  await checkout.remove();
  await assert.rejects(access(directory), { code: 'ENOENT' });
  const { stdout } = await run('git', ['-C', path, 'worktree', 'list']);
  assert.equal(stdout.trim().split('\n').length, 1);
  await access(join(path, 'node_modules'));
});

test('what is no commit, or cannot be built, is said and leaves nothing behind', async (t) => {
  const sample = await repository(t);
  if (sample === undefined) return t.skip('git is not installed');
  const { path } = sample;
  const directory = join(path, '..', 'other');
  await assert.rejects(buildCommit(path, 'no-such-commit', directory), /Needed a single revision/);
  await run('git', ['-C', path, 'rm', '--quiet', '--cached', 'source']);
  const identity = [
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.org',
    '-c',
    'commit.gpgsign=false',
  ];
  await run('git', ['-C', path, ...identity, 'commit', '--quiet', '--message', 'without its source']);
  await assert.rejects(buildCommit(path, 'HEAD', directory), /Command failed: npm/);
  await assert.rejects(access(directory), { code: 'ENOENT' });
});
