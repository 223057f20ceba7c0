import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startService } from '../../bench/harness/service-under-test.js';
import { costsOf } from '../../profiles/support/costs.js';
import type { CpuProfile } from '../../profiles/support/cpu-profile.js';
import { allocationsOf, type HeapProfile } from '../../profiles/support/heap-profile.js';
import type { LineCosts } from '../../profiles/support/line-costs.js';
import { listeningPorts } from '../../profiles/support/listening-ports.js';
import type { MemoryPoint } from '../../profiles/support/memory-series.js';
import { type Meta, readMeta } from '../../profiles/support/meta.js';
import { ROOT } from '../../profiles/support/portable-url.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { INSPECTOR_ENV, listensOn, startedBusyProcess } from './started-busy-process.js';

interface Taken {
  meta: Meta;
  /** What a file of the profile has. */
  text(name: string): Promise<string>;
}

const programOf = (kind: string): string =>
  fileURLToPath(new URL(`../../profiles/${kind}.profile.js`, import.meta.url));

/** Runs the command of a kind of profile. */
async function taken(t: TestContext, kind: string, ...args: string[]): Promise<Taken> {
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'profile');
  await promisify(execFile)(process.execPath, [
    programOf(kind),
    '--output',
    output,
    '--data-dir',
    directory,
    ...args,
  ]);
  const meta = await readMeta(join(output, 'meta.json'));
  return { meta, text: (name) => readFile(join(output, name), 'utf8') };
}
const skip = process.platform === 'linux' ? false : 'ports of a process are known on Linux only';
const SHORT = ['--seconds', '1', '--warm-up-seconds', '0.2', '--connections', '8'];

test('profile:cpu loads a service of its own and says where its time goes', async (t) => {
  const { meta, text } = await taken(t, 'cpu', ...SHORT, '--stage', 'persist');
  assert.equal(meta.kind, 'cpu');
  assert.ok((meta.requests ?? 0) > 0 && meta.duration_seconds >= 1);
  assert.deepEqual([...meta.files].sort(), [
    'index-worker.cpuprofile',
    'mirror-worker.cpuprofile',
    'profile.cpuprofile',
    'top.md',
  ]);
  const worker = JSON.parse(await text('index-worker.cpuprofile')) as CpuProfile;
  assert.ok(costsOf(worker).functions.some(({ label }) => label.includes('dist/src/index/')));
  const cpuprofile = await text('profile.cpuprofile');
  assert.ok(!cpuprofile.includes(ROOT), 'no path of this machine');
  const profile = JSON.parse(cpuprofile) as CpuProfile;
  const { groups, all } = costsOf(profile);
  const self = groups.reduce((sum, group) => sum + group.self, 0);
  assert.ok(Math.abs(self - all) < 1, 'groups add up to the profile');
  assert.equal(all, profile.endTime - profile.startTime - (profile.timeDeltas[0] ?? 0));
  const labels = groups.map(({ label }) => label);
  for (const group of ['http framework', 'src/http', 'src/store', 'src/log', 'node: http']) {
    assert.ok(labels.includes(group), group);
  }
  const top = await text('top.md');
  assert.match(top, /\| `src\/store` \|/);
  assert.match(top, /Functions by self time in the stage persist/);
});

test('profile:heap says who allocates, and how the memory went', async (t) => {
  const { meta, text } = await taken(t, 'heap', ...SHORT);
  assert.deepEqual(meta.files, ['profile.heapprofile', 'top.md', 'memory.json', 'memory.svg']);
  const heapprofile = await text('profile.heapprofile');
  assert.ok(!heapprofile.includes(ROOT), 'no path of this machine');
  const profile = JSON.parse(heapprofile) as HeapProfile;
  const allocated = allocationsOf(profile).reduce((sum, { self }) => sum + self, 0);
  const sampled = profile.samples.reduce((sum, { size }) => sum + size, 0);
  // V8 scales the two by different rules.
  assert.ok(allocated > 1e6 && Math.abs(allocated - sampled) < 0.1 * allocated);
  assert.match(await text('top.md'), /\| `src\/store` \|/);
  const memory = JSON.parse(await text('memory.json')) as MemoryPoint[];
  assert.ok(memory.length > 1 && memory.every(({ heapUsed }) => heapUsed > 1));
  assert.match(await text('memory.svg'), /^<svg xmlns="[^"]+"[^>]*><style>.*<polyline/s);
});

test('profile:flame draws a page that zooms and a picture', async (t) => {
  const { meta, text } = await taken(t, 'flame', ...SHORT);
  assert.deepEqual(meta.files, ['profile.cpuprofile', 'flamegraph.html', 'flame.svg']);
  const [page, picture] = [await text('flamegraph.html'), await text('flame.svg')];
  for (const drawn of [page, picture]) {
    assert.ok(drawn.includes('dist/src/store/appender.js'));
    assert.ok(!drawn.includes(ROOT), 'no path of this machine');
  }
  assert.doesNotMatch(page, /<(script|link)[^>]+(src|href)=/, 'it needs no network');
});

test('finds a slow function by its name and by its line of TypeScript', { skip }, async (t) => {
  const { pid } = await startedBusyProcess(t);
  const { meta, text } = await taken(t, 'lines', '--pid', String(pid), '--seconds', '1');
  assert.equal(meta.attached, true);
  assert.equal(meta.load, null);
  const { functions } = costsOf(JSON.parse(await text('profile.cpuprofile')) as CpuProfile);
  assert.match(
    functions[0]?.label ?? '',
    /^burnProcessorTime \(dist\/test\/profiles\/busy-process\.js:\d+\)$/,
  );
  const source = (await readFile(join(ROOT, 'test/profiles/busy-process.ts'), 'utf8')).split('\n');
  const line = source.findIndex((text) => text.endsWith('// the slow line')) + 1;
  const [first] = (await text('lines.md')).split('\n').filter((row) => /^\| \S+:\d+ \|/.test(row));
  assert.ok(first?.startsWith(`| test/profiles/busy-process.ts:${line} | burnProcessorTime | `), first);
  const { lines } = JSON.parse(await text('lines.json')) as LineCosts;
  assert.equal(lines[0]?.line, line);
  assert.match(await text('annotated.html'), /test\/profiles\/busy-process\.ts/);
});

test('profiles a service that runs, which goes on with its inspector closed', { skip }, async (t) => {
  const service = await startService(await temporaryDirectory(t), INSPECTOR_ENV);
  t.after(() => service.stop());
  const ports = await listeningPorts(service.pid);
  const args = ['--pid', String(service.pid), '--url', service.url, '--seconds', '0.5'];
  const { meta } = await taken(t, 'cpu', ...args);
  assert.equal(meta.requests, 0);
  const health = await fetch(`${service.url}/health/ready`);
  assert.equal(health.status, 200);
  await listensOn(service.pid, ports?.length ?? 0);
  assert.deepEqual(await listeningPorts(service.pid), ports);
});

test('closes the inspector when it is interrupted, and keeps what it has', { skip }, async (t) => {
  const { pid } = await startedBusyProcess(t);
  const output = join(await temporaryDirectory(t), 'profile');
  const child = spawn(process.execPath, [programOf('cpu'), '--pid', String(pid), '--output', output], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await listensOn(pid, 1);
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  assert.ok((await readMeta(join(output, 'meta.json'))).duration_seconds < 10);
  await listensOn(pid, 0);
});

test('a profile of no process fails with one line', async (t) => {
  await assert.rejects(
    taken(t, 'cpu', '--pid', '999999999'),
    ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 1);
      assert.match(stderr, /profile:cpu: there is no process 999999999/);
      return true;
    },
  );
});
