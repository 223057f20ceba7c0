import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { limits } from '../../src/domain/limits.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** How much nicer each thread of this process is than the process, in order, without those that are not. */
function nicerThreads(): number[] {
  return readdirSync('/proc/self/task')
    .map((id) => readFileSync(`/proc/self/task/${id}/stat`, 'latin1'))
    .map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) - getPriority())
    .filter((nice) => nice !== 0)
    .sort((a, b) => a - b);
}

test('the threads that follow the log let those that answer requests and write it go first', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const store = await openTestStore(await temporaryDirectory(t));
  await store.create({ userId: 'dr', source: 'api' });
  await store.archived();
  // The index and the live file; above all not the threads of Node's file system, which sync the log.
  assert.deepEqual(nicerThreads(), [limits.indexThreadNice, limits.followerThreadNice]);
  await store.close();
});
