/** The worked example of docs/codecs.md: a codec that the table lacks is one file, and works as it stands there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../src/ops/disk.js';
import { proveCodec } from '../../src/segments/prove-codec.js';
import { sealSegment } from '../../src/segments/seal-segment.js';
import { GENESIS_ROOT } from '../../src/segments/segment-layout.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { bzip2 } from './example-codec.js';
import { READ_SEGMENT } from './python.js';
import { sampleLinks } from './sample-links.js';
import { linksOf, seal } from './seal-helper.js';

const ROOT = join(dirname(READ_SEGMENT), '../..');

test('is in the documentation as it is here', () => {
  const code = readFileSync(join(ROOT, 'test/segments/example-codec.ts'), 'utf8');
  const inPlace = code.replace('../../src/segments/codecs/codec.js', './codec.js');
  const documented = readFileSync(join(ROOT, 'docs/codecs.md'), 'utf8');
  assert.ok(documented.includes(`\`\`\`ts\n${inPlace}\`\`\``));
});

test('seals and reads back', async (t) => {
  const directory = await temporaryDirectory(t);
  const codec = bzip2.parse('9');
  assert.ok(codec);
  await proveCodec(codec, directory);
  const links = sampleLinks({ events: 3000, consultations: 50 });
  const path = join(directory, 'segment.h5');
  const options = { firstSequence: 1, previousRoot: GENESIS_ROOT, disk: nodeDisk };
  const sealed = await sealSegment({ links: () => [links], codec, path, ...options });
  assert.deepEqual(await linksOf(path), links);
  const plain = await seal(directory, links, { codec: 'none' });
  assert.equal(sealed.root, plain.root);
  assert.ok(sealed.fileBytes < plain.fileBytes / 2);
});
