import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { eventJsonOfLink } from '../../src/domain/stored-event.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { LiveSegment } from '../../src/segments/live-segment.js';
import { testSeed } from '../domain/test-seed.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { python, READ_SEGMENT, readWithPython, withoutPython } from './python.js';
import { SampleLinks, sampleLinks } from './sample-links.js';
import { linksOf } from './seal-helper.js';

before(loadHdf5);

const LIVE_WRITER = fileURLToPath(new URL('./live-writer.js', import.meta.url));

/** Starts the writer, kills it once it has flushed `flushes` times, and gives the last count it told. */
async function writeAndKill(path: string, seed: number, flushes: number): Promise<number> {
  const writer = spawn(process.execPath, [LIVE_WRITER, path, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(writer, 'exit');
  let lines = 0;
  let told = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    told = Number(line);
    lines += 1;
    if (lines === flushes) writer.kill('SIGKILL');
  }
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL');
  return told;
}

test('a live file whose writer was killed opens and holds every flushed event', async (t) => {
  const seed = testSeed(t);
  const random = seededRandom(seed);
  const directory = await temporaryDirectory(t);
  for (let round = 0; round < 4; round += 1) {
    const path = join(directory, `live-${round}.h5`);
    const flushes = 1 + Math.floor(random() * 150);
    const told = await writeAndKill(path, seed + round, flushes);
    const found = await linksOf(path);
    assert.ok(found.length >= told, `${found.length} events found of ${told} flushed`);
    const source = new SampleLinks(seed + round);
    const written = Array.from({ length: Math.ceil(found.length / 37) }, () => {
      return source.make({ events: 37, consultations: 500 });
    }).flat();
    assert.deepEqual(found, written.slice(0, found.length));
    if (python !== undefined) assert.equal(readWithPython(path).events.length, found.length);
  }
});

test('replaces a file of that name, and leaves it to who still reads it', async (t) => {
  const path = join(await temporaryDirectory(t), 'live.h5');
  const links = sampleLinks({ events: 20 });
  const old = LiveSegment.create(path, { firstSequence: 1 });
  old.append(links);
  old.flush();
  const anew = LiveSegment.create(path, { firstSequence: 1 });
  anew.append(links.slice(0, 5));
  anew.close();
  old.close();
  assert.deepEqual(await linksOf(path), links.slice(0, 5));
});

test('shows nothing before the first flush, and an empty file reads as no events', async (t) => {
  const path = join(await temporaryDirectory(t), 'live.h5');
  const live = LiveSegment.create(path, { firstSequence: 1 });
  live.append(sampleLinks({ events: 20 }));
  assert.deepEqual(await linksOf(path), []);
  live.close();
  assert.equal((await linksOf(path)).length, 20);
});

test('refuses an event that does not follow in its consultation', async (t) => {
  const path = join(await temporaryDirectory(t), 'live.h5');
  const live = LiveSegment.create(path, { firstSequence: 100 });
  const links = sampleLinks({ events: 3, consultations: 1 });
  live.append(links.slice(0, 1));
  assert.throws(() => live.append(links.slice(2)), { code: 'LOG_DAMAGED', message: /sequence 101/ });
  live.close();
});

test('h5py follows a live file as it grows', { skip: withoutPython }, async (t) => {
  const path = join(await temporaryDirectory(t), 'live.h5');
  const live = LiveSegment.create(path, { firstSequence: 1 });
  const follower = spawn(python as string, [READ_SEGMENT, path, '--follow'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(follower, 'exit');
  const lines = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
  const source = new SampleLinks(5);
  let sequence = 1;
  for (const events of [1, 30, 2500, 60]) {
    const links = source.make({ events, consultations: 40 });
    live.append(links);
    live.flush();
    for (const link of links) {
      const line = await lines.next();
      assert.deepEqual(JSON.parse(line.value), JSON.parse(eventJsonOfLink({ sequence, link })));
      sequence += 1;
    }
  }
  live.close();
  await rm(path);
  assert.deepEqual(await ended, [0, null]);
});
