import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LinkView } from '../../src/domain/stored-event.js';
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import { nodeDisk } from '../../src/ops/disk.js';
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
  const { file, lastSequence } = await seal(directory, LINKS, { codec: 'none' });
  const path = join(directory, file);
  await copyFile(path, `${path}.sound`);
  const bytes = await readFile(path);
  const { payload } = new LinkView(endOfConsultation());
  const at = bytes.indexOf(payload) + payload.length - 4;
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);

  const index = join(directory, 'index');
  const keysKept = { keptMs: 60_000, sinceMs: 0 };
  const data = { directory: index, sealed: [{ path, firstSequence: 1, lastSequence }], keysKept };
  const port = { postMessage() {}, on() {}, close() {} };
  const open = () => openIndexFollower(data, { port, disk: nodeDisk }, new AbortController().signal);
  await assert.rejects(open(), { code: 'ARCHIVE_DAMAGED' });

  await copyFile(`${path}.sound`, path);
  const follower = await open();
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
