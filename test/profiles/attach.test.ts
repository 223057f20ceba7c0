import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { attach } from '../../profiles/support/attach.js';
import { evaluated } from '../../profiles/support/inspector-session.js';
import { listeningPorts } from '../../profiles/support/listening-ports.js';
import { listensOn, startedBusyProcess } from './started-busy-process.js';

const skip = process.platform === 'linux' ? false : 'ports of a process are known on Linux only';

test('opens the inspector of a running process, and closes it again', { skip }, async (t) => {
  const { pid } = await startedBusyProcess(t);
  assert.deepEqual(await listeningPorts(pid), []);
  const first = await attach(pid);
  assert.equal(await evaluated(first.session, '6 * 7'), 42);
  assert.equal((await listeningPorts(pid))?.length, 1);
  await first.detach();
  await listensOn(pid, 0);
  // It can be done again, which also shows that the process goes on.
  const second = await attach(pid);
  assert.equal(await evaluated(second.session, 'process.pid'), pid);
  await second.detach();
  await listensOn(pid, 0);
});

test('leaves an inspector open that somebody else opened', { skip }, async (t) => {
  const { pid } = await startedBusyProcess(t);
  const somebody = await attach(pid);
  const other = await attach(pid);
  await other.detach();
  assert.equal((await listeningPorts(pid))?.length, 1);
  assert.equal(await evaluated(somebody.session, 'process.pid'), pid);
  await somebody.detach();
  await listensOn(pid, 0);
});

test('ends no process that is not Node', { skip }, async (t) => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.after(() => child.kill());
  await once(child, 'spawn');
  await assert.rejects(attach(child.pid as number), /is sleep, not Node/);
  assert.equal(child.exitCode ?? child.signalCode, null);
});

test('says what to do when there is no such process', async () => {
  const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(gone, 'exit');
  await assert.rejects(attach(gone.pid as number), /there is no process \d+: the service logs its pid/);
});
