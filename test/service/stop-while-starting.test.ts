/** SIGTERM to a service that is still opening its store. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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
  const service = startProgram(t, ['serve', '--port', '0', '--data-dir', directory]);
  // Opening a pipe for writing waits for its reader: the start has come to the manifest, and gets no byte of it.
  const pipe = await open(manifest, 'w');
  service.child.kill('SIGTERM');
  await service.shown('stopped before it listened');
  await pipe.close();
  const { exitCode, stderr } = await service.finished;
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
});
