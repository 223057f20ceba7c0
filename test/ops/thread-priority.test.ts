/** Threads and processes that let others go first. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';

const MODULE = new URL('../../src/ops/thread-priority.js', import.meta.url).href;
const skip = process.platform !== 'linux' && 'nice values of threads are Linux';

/** Runs `call` in a process of its own: how much nicer each of its threads is then, the calling one first. */
function nicerBy(call: string): number[] {
  const code = `
    import { readdirSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { yieldProcessToOthers, yieldToOthers } from ${JSON.stringify(MODULE)};
    const nices = () => readdirSync('/proc/self/task').map((id) => [id, getPriority(Number(id))]);
    const before = new Map(nices());
    ${call};
    console.log(JSON.stringify(nices().map(([id, nice]) => nice - before.get(id))));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code]).toString());
}

it('a thread that lets others go first leaves the others of its process alone', { skip }, () => {
  const [caller, ...others] = nicerBy('yieldToOthers(3)');
  assert.equal(caller, 3);
  assert.ok(others.length > 0 && others.every((nicer) => nicer === 0), `the others: ${others}`);
});

it('a process that lets others go first does so with all its threads', { skip }, () => {
  const all = nicerBy('yieldProcessToOthers(3)');
  assert.ok(all.length > 1 && all.every((nicer) => nicer === 3), `all: ${all}`);
});
