import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../src/ops/disk.js';
import { faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { sampleLinks } from './sample-links.js';
import { seal } from './seal-helper.js';

const LINKS = sampleLinks({ events: 30, consultations: 3 });

test('a bit that is read wrong while a file is sealed does not end up in its digest', async (t) => {
  const outcomes: string[] = [];
  for (let atRead = 1; atRead <= 3; atRead += 1) {
    const directory = await temporaryDirectory(t);
    let reads = 0;
    const disk = faultyDisk(nodeDisk, {
      afterRead(_path, bytes) {
        reads += 1;
        if (reads === atRead) bytes[9] = (bytes[9] as number) ^ 1;
      },
    });
    try {
      const { file, sha256 } = await seal(directory, LINKS, { disk });
      const bytes = await readFile(join(directory, file));
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
      outcomes.push('sealed');
    } catch (error) {
      outcomes.push((error as { code: string }).code);
    }
  }
  assert.deepEqual(outcomes, ['ARCHIVE_DAMAGED', 'ARCHIVE_DAMAGED', 'sealed']);
});
