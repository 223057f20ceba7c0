import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LinkView } from '../../src/domain/stored-event.js';
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { openIndexFollower } from '../../src/store/followers/index-follower.js';
import { sampleLinks } from '../segments/sample-links.js';
import { seal } from '../segments/seal-helper.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** More than the index takes from a segment at a time, before it is known how the segment ends. */
const LINKS = sampleLinks({ events: 1500, consultations: 200 });

/** The newest event of its consultation that nothing after it in the file could show to be another one. */
function endOfConsultation(): Buffer {
  const last = new Map(LINKS.map((link, index) => [new LinkView(link).consultationId, index]));
  const early = [...last.values()].find((index) => index < 900);
  return LINKS[early ?? -1] as Buffer;
}

test('nothing of a segment that turns out to be damaged stays in the index', async (t) => {
  const directory = await temporaryDirectory(t);
  const segment = await seal(directory, LINKS, { codec: 'none' });
  const { lastSequence } = segment;
  const bytes = await readFile(join(directory, segment.file));
  const { payload } = new LinkView(endOfConsultation());
  const at = bytes.indexOf(payload) + payload.length - 4;
  // Of a file whose digest is right: HDF5 reads it otherwise.
  let isDamaged = true;
  const open: Disk['blocking']['open'] = (path, mode) => {
    const file = nodeDisk.blocking.open(path, mode);
    const read: typeof file.read = (target, offset) => {
      const count = file.read(target, offset);
      const within = at - offset;
      if (isDamaged && within >= 0 && within < count) target[within] = (target[within] as number) ^ 1;
      return count;
    };
    return { ...file, read };
  };
  const disk: Disk = { ...nodeDisk, blocking: { ...nodeDisk.blocking, open } };

  const index = join(directory, 'index');
  const keysKept = { keptMs: 60_000, sinceMs: 0 };
  const data = { directory: index, sealed: [segment], segmentsDirectory: directory, keysKept };
  const port = { postMessage() {}, on() {}, close() {} };
  const openFollower = () => openIndexFollower(data, { port, disk }, new AbortController().signal);
  await assert.rejects(openFollower(), { code: 'ARCHIVE_DAMAGED' });

  isDamaged = false;
  const follower = await openFollower();
  assert.equal(follower.appliedSequence, lastSequence);
  await follower.close();
  const opened = await ConsultationIndex.open(index);
  assert.equal(opened.kind, 'open');
  if (opened.kind !== 'open') return;
  for (const link of LINKS) {
    const view = new LinkView(link);
    const [entry] = opened.index.entries(view.consultationId, view.version, 1);
    assert.equal(entry?.hash, view.hash);
  }
  await opened.index.close();
});
