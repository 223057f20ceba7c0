/** SIGTERM to a service that is still opening its store. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { startProgram } from '../support/program.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const skip = spawnSync('mkfifo', ['--version']).status !== 0 && 'mkfifo is not installed';

it('SIGTERM while the store is being opened ends the service at once', { skip }, async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, 'segments'));
  const manifest = join(directory, 'segments', 'manifest.json');
  assert.equal(spawnSync('mkfifo', [manifest]).status, 0);
  const watcher = watch(directory);
  t.after(() => watcher.close());
  const locked = once(watcher, 'change');
  const service = startProgram(t, ['serve', '--port', '0', '--data-dir', directory]);
  // The lock is the first thing that opening a store writes; it then stays at the manifest, a pipe nobody writes to.
  await locked;
  service.child.kill('SIGTERM');
  await service.shown('stopped before it listened');
  // Lets go of the thread that opens the pipe. Opened for both ways, a pipe waits for nobody.
  const pipe = await open(manifest, 'r+');
  const { exitCode, stderr } = await service.finished;
  await pipe.close();
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
});
