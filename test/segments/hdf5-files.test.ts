import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BlockingFile, nodeBlockingDisk } from '../../src/ops/blocking-disk.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { SegmentReader } from '../../src/segments/segment-reader.js';
import { diskError } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { sampleLinks } from './sample-links.js';
import { linksOf, seal } from './seal-helper.js';

const LINKS = sampleLinks({ events: 50, consultations: 5 });

/** The machine's disk, whose files the HDF5 library gets as `changed` makes them. */
function blockingDisk(changed: (file: BlockingFile) => Partial<BlockingFile>): Disk {
  const open: Disk['blocking']['open'] = (path, mode) => {
    const file = nodeBlockingDisk.open(path, mode);
    return { ...file, ...changed(file) };
  };
  return { ...nodeDisk, blocking: { ...nodeBlockingDisk, open } };
}

test('every byte of a file that the HDF5 library writes and reads goes through the disk it is given', async (t) => {
  const directory = await temporaryDirectory(t);
  let highest = 0;
  const disk = blockingDisk((file) => ({
    write(data, offset) {
      highest = Math.max(highest, offset + data.length);
      file.write(data, offset);
    },
  }));
  const { file, fileBytes } = await seal(directory, LINKS, { disk });
  assert.equal(highest, fileBytes);
  let reads = 0;
  const counting = blockingDisk((one) => ({
    read(target, offset) {
      reads += 1;
      return one.read(target, offset);
    },
  }));
  const reader = SegmentReader.open(join(directory, file), counting.blocking);
  const read = [...reader.scanLinks({ rowsMax: 1000, bytesMax: 1e6 })].flat();
  reader.close();
  assert.deepEqual(read, LINKS);
  assert.ok(reads > 10);
});

for (const [system, ours] of [
  ['ENOSPC', 'STORAGE_FULL'],
  ['EDQUOT', 'STORAGE_FULL'],
  ['EIO', 'INTERNAL_ERROR'],
] as const) {
  test(`${system} in the middle of writing a segment is ${ours}, and leaves nothing`, async (t) => {
    const directory = await temporaryDirectory(t);
    let writes = 0;
    const disk = blockingDisk((file) => ({
      write(data, offset) {
        writes += 1;
        if (writes > 5) throw diskError(system);
        file.write(data, offset);
      },
    }));
    await assert.rejects(seal(directory, LINKS, { disk }), { code: ours });
    assert.deepEqual(await readdir(directory), []);
    const { file } = await seal(directory, LINKS);
    assert.deepEqual(await linksOf(join(directory, file)), LINKS, 'the library goes on working');
  });
}

test('EIO while a segment is read is ARCHIVE_DAMAGED', async (t) => {
  const directory = await temporaryDirectory(t);
  const { file } = await seal(directory, LINKS);
  let reads = 0;
  const { blocking } = blockingDisk((one) => ({
    read(target, offset) {
      reads += 1;
      if (reads > 3) throw diskError('EIO');
      return one.read(target, offset);
    },
  }));
  assert.throws(() => SegmentReader.open(join(directory, file), blocking), { code: 'ARCHIVE_DAMAGED' });
});
