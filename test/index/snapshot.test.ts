import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { STATE_FORMAT } from '../../src/domain/fold.js';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import { uuidBytes } from '../../src/domain/uuid.js';
import { openIndexTables } from '../../src/index/index-tables.js';
import { encodeSnapshot, readSnapshot, type Snapshot } from '../../src/index/snapshot-layout.js';
import { makeLinks } from '../support/links.js';
import { indexDirectory, opened, openReader, openWriter } from './support.js';

const LINKS = [...makeLinks({ consultations: 2, events: 50, seed: 5 })];
const ID = new LinkView((LINKS[0] as SequencedLink).link).consultationId;
const VIEWS = LINKS.map(({ link }) => new LinkView(link)).filter(
  ({ consultationId }) => consultationId === ID,
);

/** A snapshot at a version, as large as LMDB keeps outside of its tree, with the consultation's own hash. */
function snapshotAt(version: number): Snapshot {
  const hash = (VIEWS[version - 1] as LinkView).hash;
  return {
    version,
    hash,
    patientStub: '{"name":"Peña"}',
    stateText: Buffer.from(`state ${version} ${'é'.repeat(100_000)}`),
  };
}

async function filledIndex(t: TestContext) {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  writer.apply(LINKS);
  return { directory, writer, reader: await openReader(t, directory) };
}

test('keeps the newest snapshot of a consultation, across opening it again', async (t) => {
  const { directory, writer, reader } = await filledIndex(t);
  assert.equal(reader.snapshot(ID), undefined);
  writer.snapshot(ID, encodeSnapshot(snapshotAt(3)));
  writer.snapshot(ID, encodeSnapshot(snapshotAt(7)));
  reader.refresh();
  assert.deepEqual(reader.snapshot(ID), snapshotAt(7));
  await writer.close();
  await reader.close();
  assert.deepEqual((await openReader(t, directory)).snapshot(ID), snapshotAt(7));
});

test('passes over a snapshot of an event that it has not', async (t) => {
  const { writer, reader } = await filledIndex(t);
  writer.snapshot(ID, encodeSnapshot({ ...snapshotAt(3), hash: (VIEWS[3] as LinkView).hash }));
  writer.snapshot(ID, encodeSnapshot({ ...snapshotAt(3), version: 1000 }));
  reader.refresh();
  assert.equal(reader.snapshot(ID), undefined);
});

test('gives no snapshot that is spoilt, of another format, or of another history', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  writer.apply(LINKS);
  const reader = await openReader(t, directory);
  const tables = opened(await openIndexTables(directory));
  t.after(() => tables.environment.close());
  const given = (value: Buffer): Snapshot | undefined => {
    tables.environment.transaction(() => tables.snapshots.put(uuidBytes(ID), value));
    reader.refresh();
    return reader.snapshot(ID);
  };
  const value = encodeSnapshot(snapshotAt(7));
  assert.deepEqual(given(value), snapshotAt(7));
  for (const offset of [0, 4, 8, 12, 16, 47, 48, 70, value.length - 1]) {
    const spoilt = Buffer.from(value);
    spoilt[offset] = (spoilt[offset] as number) ^ 1;
    assert.equal(given(spoilt), undefined, `byte ${offset}`);
  }
  assert.equal(given(value.subarray(0, -1)), undefined);
  assert.equal(given(encodeSnapshot({ ...snapshotAt(7), hash: snapshotAt(8).hash })), undefined);
  assert.equal(given(encodeSnapshot({ ...snapshotAt(7), version: 8 })), undefined);
});

test('a stored snapshot has the bytes that its layout says', () => {
  const snapshot: Snapshot = {
    version: 258,
    hash: '\u00ff'.repeat(32),
    patientStub: '{}',
    stateText: Buffer.from('{"a":1}'),
  };
  const value = encodeSnapshot(snapshot);
  const format = Buffer.from([STATE_FORMAT, 0, 0, 0]).toString('hex');
  assert.equal(
    value.subarray(4).toString('hex'),
    `${format}0201000002000000${'ff'.repeat(32)}${Buffer.from('{}{"a":1}').toString('hex')}`,
  );
  assert.deepEqual(readSnapshot(value), snapshot);
});
