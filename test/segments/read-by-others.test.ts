import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { eventJsonOfLink } from '../../src/domain/stored-event.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { LiveSegment } from '../../src/segments/live-segment.js';
import { COLUMNS } from '../../src/segments/segment-layout.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { readWithPython, withoutPython } from './python.js';
import { sampleLinks } from './sample-links.js';
import { seal } from './seal-helper.js';

before(loadHdf5);

function eventsOf(links: readonly Buffer[], firstSequence: number): { consultation_id: string }[] {
  return links.map((link, index) => JSON.parse(eventJsonOfLink({ sequence: firstSequence + index, link })));
}

const LINKS = sampleLinks({ events: 9000, consultations: 400 });

for (const codec of ['none', 'gzip:1', 'gzip:9']) {
  test(`h5py reads a sealed ${codec} file event by event and finds its chains whole`, {
    skip: withoutPython,
  }, async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await seal(directory, LINKS.slice(0, 3000), { codec });
    const second = await seal(directory, LINKS.slice(3000), {
      codec,
      firstSequence: 3001,
      previousRoot: first.root,
    });
    const run = readWithPython(join(directory, second.file));
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(run.events, eventsOf(LINKS.slice(3000), 3001));
  });
}

test('h5py reads a live file while it is open for writing', { skip: withoutPython }, async (t) => {
  const path = join(await temporaryDirectory(t), 'live.h5');
  const live = LiveSegment.create(path, { firstSequence: 41 });
  t.after(() => live.close());
  live.append(LINKS.slice(0, 5000));
  live.flush();
  live.append(LINKS.slice(5000, 5010));
  const run = readWithPython(path);
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(run.events, eventsOf(LINKS.slice(0, 5000), 41), 'what is not flushed is not seen');
});

test('the example prints one consultation when asked', { skip: withoutPython }, async (t) => {
  const directory = await temporaryDirectory(t);
  const links = LINKS.slice(0, 500);
  const { file } = await seal(directory, links);
  const all = eventsOf(links, 1);
  const id = (all[17] as { consultation_id: string }).consultation_id;
  const run = readWithPython(join(directory, file), '--consultation', id);
  assert.deepEqual(
    run.events,
    all.filter((event) => event.consultation_id === id),
  );
});

const withoutH5dump = spawnSync('h5dump', ['--version']).status === 0 ? false : 'h5dump is not installed';

test('h5dump shows the header of a sealed file', { skip: withoutH5dump }, async (t) => {
  const directory = await temporaryDirectory(t);
  const { file, root } = await seal(directory, LINKS.slice(0, 100));
  const run = spawnSync('h5dump', ['-A', join(directory, file)], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  for (const { path } of COLUMNS) assert.match(run.stdout, new RegExp(`DATASET "${path.split('/')[1]}"`));
  assert.ok(run.stdout.includes(root) && run.stdout.includes('fi-consult segment'));
  assert.ok(run.stdout.includes('"CORE_ERROR_OCCURRED"'), 'the names of the event types are there');
});
