import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { makeLinks } from '../support/links.js';
import { assertHoldsPrefix, indexDirectory, openReader, openWriter } from './support.js';
import type { WriterReport } from './writer-process.js';

const WRITER = fileURLToPath(new URL('./writer-process.js', import.meta.url));
const ROUNDS = 16;
const EVENTS = 20_000;

/** Resolves with what a writer reported once these are `reports`, or it ended. */
async function reportsOf(writer: ChildProcess, reports: number): Promise<WriterReport[]> {
  const seen: WriterReport[] = [];
  const ended = once(writer, 'exit');
  const enough = new Promise<void>((resolve) => {
    writer.on('message', (report) => {
      seen.push(report as WriterReport);
      if (seen.length === reports) resolve();
    });
  });
  await Promise.race([enough, ended]);
  return seen;
}

test('kill -9 in the middle of writing leaves an index that is whole up to its applied sequence', async (t) => {
  const seed = testSeed(t);
  const random = seededRandom(seed);
  const directory = await indexDirectory(t);
  const links = [...makeLinks({ consultations: 200, events: EVENTS, seed })];
  let applied = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = fork(WRITER, [directory, String(seed), String(EVENTS)]);
    const ended = once(writer, 'exit');
    const reports = await reportsOf(writer, integerBetween(random, 1, 6));
    // The moment of the kill is anywhere in the batches that follow.
    await delay(integerBetween(random, 0, 12));
    writer.kill('SIGKILL');
    await ended;
    const reader = await openReader(t, directory);
    const before = applied;
    applied = assertHoldsPrefix(reader, links);
    await reader.close();
    const acknowledged = Math.max(before, ...reports.map(({ appliedSequence }) => appliedSequence));
    assert.ok(applied >= acknowledged, `round ${round}: ${applied} is not behind ${acknowledged}`);
  }
  assert.ok(applied > 0);
  const writer = await openWriter(t, directory);
  writer.apply(links);
  assert.equal(assertHoldsPrefix(await openReader(t, directory), links), EVENTS);
});

test('a write that the disk refuses takes in nothing, is told, and the writer takes no more', async (t) => {
  const seed = 5;
  const directory = await indexDirectory(t);
  const links = [...makeLinks({ consultations: 200, events: EVENTS, seed })];
  // A limit on the size of files, in blocks of 512 bytes, makes the write fail as a full disk would.
  const limited = 'ulimit -f 1200; exec "$0" "$@"';
  const args = ['-c', limited, process.execPath, WRITER, directory, String(seed), String(EVENTS)];
  const writer = spawn('/bin/sh', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const reports: WriterReport[] = [];
  writer.on('message', (report) => reports.push(report as WriterReport));
  const [exitCode, signal] = await once(writer, 'exit');
  assert.deepEqual([exitCode, signal], [0, null]);
  const last = reports.at(-1) as WriterReport;
  assert.equal(reports.filter(({ failure }) => failure !== undefined).length, 2);
  assert.equal(last.failure?.code, 'INTERNAL_ERROR');
  const reader = await openReader(t, directory);
  assert.equal(assertHoldsPrefix(reader, links), last.appliedSequence);
  const next = await openWriter(t, directory);
  next.apply(links);
  reader.refresh();
  assert.equal(assertHoldsPrefix(reader, links), EVENTS);
});
