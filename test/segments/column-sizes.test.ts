import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { columnSizes } from '../../src/segments/column-sizes.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { LiveSegment } from '../../src/segments/live-segment.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { python, withoutPython } from './python.js';
import { sampleLinks } from './sample-links.js';
import { seal } from './seal-helper.js';

before(loadHdf5);

const LINKS = sampleLinks({ events: 20_000, consultations: 500 });

test('says what each column of a sealed file takes before and after the filter', async (t) => {
  const directory = await temporaryDirectory(t);
  const { file, fileBytes, payloadBytes } = await seal(directory, LINKS, { codec: 'gzip:4' });
  const sizes = await columnSizes(join(directory, file));
  const of = (path: string) => sizes.find((size) => size.path === path);
  assert.equal(of('events/payload')?.rawBytes, payloadBytes);
  assert.equal(of('events/event_id')?.rawBytes, 16 * LINKS.length);
  assert.equal(of('consultations/head_hash')?.rawBytes, 32 * 500);
  const stored = sizes.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  assert.ok(stored < fileBytes && stored > 0.95 * fileBytes, `${stored} of ${fileBytes} bytes are columns`);
});

const STORAGE_SIZES = `
import h5py, json, sys
with h5py.File(sys.argv[1], "r") as file:
    sizes = {}
    file.visititems(lambda name, item: sizes.update({name: item.id.get_storage_size()}) if isinstance(item, h5py.Dataset) else None)
    print(json.dumps(sizes))
`;

for (const codec of ['none', 'gzip:4']) {
  test(`agrees with h5py about a ${codec} file to the byte`, { skip: withoutPython }, async (t) => {
    const directory = await temporaryDirectory(t);
    const { file } = await seal(directory, LINKS, { codec });
    const path = join(directory, file);
    const run = spawnSync(python as string, ['-c', STORAGE_SIZES, path], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const ours = (await columnSizes(path)).map((size) => [size.path, size.storedBytes]);
    assert.deepEqual(Object.fromEntries(ours), JSON.parse(run.stdout));
  });
}

test('measures a live file too', async (t) => {
  const path = join(await temporaryDirectory(t), 'live.h5');
  const live = LiveSegment.create(path, { firstSequence: 1 });
  live.append(LINKS.slice(0, 3000));
  live.close();
  const sizes = await columnSizes(path);
  const { size } = await stat(path);
  assert.ok(!sizes.some((column) => column.path === 'consultations/head_hash'));
  assert.ok(sizes.every(({ storedBytes, rawBytes }) => storedBytes >= rawBytes && storedBytes < size));
});
