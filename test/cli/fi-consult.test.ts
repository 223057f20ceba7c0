/** The program as a process of its own: signals, and what a shell sees. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { storedMessages } from '../support/import-plans.js';
import { startServiceStub } from '../support/service-stub.js';

const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));
const PACKAGE = new URL('../../../package.json', import.meta.url);

function start(t: TestContext, args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const finished = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[exitCode], stdout, stderr]) => ({ exitCode, stdout, stderr }),
  );
  return { child, finished };
}

test('knows the version of its package', async (t) => {
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
  assert.deepEqual(await start(t, ['--version']).finished, {
    exitCode: 0,
    stdout: `${version}\n`,
    stderr: '',
  });
});

test('finishes what is under way at SIGINT, says how to go on, and goes on', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fi-consult-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'calls.ndjson');
  const texts = Array.from({ length: 30 }, (_, index) => `message ${index}`);
  const messages = texts.map((message) => ({ role: 'patient', text: message }));
  await writeFile(file, JSON.stringify({ id: 'call-1', source: 'test', messages }));

  let interrupt = async (): Promise<void> => {};
  // The signal comes while the eleventh request waits for its answer, which must still be waited for.
  const stub = await startServiceStub(t, async (_request, index) => {
    if (index === 10) await interrupt();
    return undefined;
  });
  const args = ['import', file, '--url', stub.url];
  const first = start(t, args);
  interrupt = async () => {
    first.child.kill('SIGINT');
    await once(first.child.stderr, 'data');
  };
  const stopped = await first.finished;
  assert.equal(stopped.exitCode, 130);
  assert.match(stopped.stderr, /SIGINT: finishing what is under way\n/);
  assert.match(stopped.stderr, /stopped by SIGINT; run the same command again to go on from here/);
  assert.match(stopped.stdout, /^0 consultations, 10 events written, 0 already there/);
  // The first request asked what was there; the eleventh wrote the tenth event.
  const before = stub.store.links.length;
  assert.equal(before, 10);

  const resumed = await start(t, args).finished;
  assert.equal(resumed.exitCode, 0, resumed.stderr);
  assert.ok(
    resumed.stdout.startsWith(`1 consultations, ${31 - before} events written, ${before} already there`),
  );
  assert.deepEqual(storedMessages(stub.store), texts);
});
