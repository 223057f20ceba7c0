import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import { inBatches, makeLinks } from '../support/links.js';
import { assertHoldsPrefix, indexDirectory, openReader, openWriter } from './support.js';

const LINKS = [...makeLinks({ consultations: 20, events: 600, seed: 7 })];

test('an index of nothing has applied nothing', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  writer.apply([]);
  assert.equal(writer.appliedSequence, 0);
  const reader = await openReader(t, directory);
  assert.equal(assertHoldsPrefix(reader, LINKS), 0);
});

test('holds every applied event, whatever the size of the batches', async (t) => {
  for (const size of [1, 7, 100, 1000]) {
    const directory = await indexDirectory(t);
    const writer = await openWriter(t, directory);
    for (const batch of inBatches(LINKS, size)) writer.apply(batch);
    assert.equal(writer.appliedSequence, LINKS.length);
    assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), LINKS.length);
  }
});

test('goes on after it was closed and opened again', async (t) => {
  const directory = await indexDirectory(t);
  const before = await openWriter(t, directory);
  before.apply(LINKS.slice(0, 250));
  await before.close();
  const writer = await openWriter(t, directory);
  assert.equal(writer.appliedSequence, 250);
  writer.apply(LINKS.slice(250));
  assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), LINKS.length);
});

test('passes over events that it has, and takes in the rest of their batch', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  writer.apply(LINKS.slice(0, 300));
  writer.apply(LINKS.slice(100, 200));
  assert.equal(writer.appliedSequence, 300);
  writer.apply(LINKS.slice(250, 400));
  writer.apply(LINKS);
  assert.equal(writer.appliedSequence, LINKS.length);
  assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), LINKS.length);
});

test('stops at a gap before a batch and within one, and changes nothing', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  writer.apply(LINKS.slice(0, 10));
  assert.throws(() => writer.apply(LINKS.slice(11, 20)), /assertion failed: event 11/);
  const gapped = LINKS.slice(10, 30).filter(({ sequence }) => sequence !== 20);
  assert.throws(() => writer.apply(gapped), /assertion failed: event 20/);
  assert.equal(writer.appliedSequence, 10);
  assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), 10);
});

/** The links with one that has another byte at an offset, and so another hash than the next one names. */
function withByteFlipped(index: number, offset: number): SequencedLink[] {
  return LINKS.map((link, position) => {
    if (position !== index) return link;
    const bytes = Buffer.from(link.link);
    bytes[offset] = (bytes[offset] as number) ^ 1;
    return { ...link, link: bytes };
  });
}

test('finds a broken chain, names the event, and takes in nothing of its batch', async (t) => {
  const view = new LinkView((LINKS[400] as SequencedLink).link);
  const damage = { sequence: 401, consultation_id: view.consultationId, version: view.version };
  const cases = [
    { name: 'another previous hash', links: withByteFlipped(400, 0), extensions: damage },
    {
      name: 'another version',
      links: withByteFlipped(400, 32 + 56),
      extensions: { ...damage, version: view.version ^ 1 },
    },
  ];
  for (const { name, links, extensions } of cases) {
    await t.test(name, async (t) => {
      const directory = await indexDirectory(t);
      const writer = await openWriter(t, directory);
      writer.apply(links.slice(0, 300));
      assert.throws(() => writer.apply(links.slice(300)), { code: 'LOG_DAMAGED', extensions });
      assert.equal(writer.appliedSequence, 300);
      assert.equal(assertHoldsPrefix(await openReader(t, directory), LINKS), 300);
      writer.apply(LINKS.slice(300));
      assert.equal(writer.appliedSequence, LINKS.length);
    });
  }
});

test('finds an event whose content changed at the next one of its consultation', async (t) => {
  const changed = LINKS[100] as SequencedLink;
  const { consultationId, version } = new LinkView(changed.link);
  const next = LINKS.find(({ link }) => {
    const view = new LinkView(link);
    return view.consultationId === consultationId && view.version === version + 1;
  }) as SequencedLink;
  const writer = await openWriter(t, await indexDirectory(t));
  assert.throws(() => writer.apply(withByteFlipped(100, changed.link.length - 3)), {
    code: 'LOG_DAMAGED',
    extensions: { sequence: next.sequence, consultation_id: consultationId, version: version + 1 },
  });
});

test('finds a consultation that does not start with its first event', async (t) => {
  const second = LINKS.find(({ link }) => new LinkView(link).version === 2) as SequencedLink;
  const writer = await openWriter(t, await indexDirectory(t));
  assert.throws(() => writer.apply([{ sequence: 1, link: second.link }]), { code: 'LOG_DAMAGED' });
});
