/** What the tests of the index share: temporary folders, opening, and a check of all that an index says. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { advanceHead, type ConsultationHead } from '../../src/domain/consultation-head.js';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import type { IndexEntry } from '../../src/index/index-layout.js';
import type { OpenedIndex } from '../../src/index/index-tables.js';
import { IndexWriter } from '../../src/index/index-writer.js';

/** A folder for an index, not made yet; it goes away with the test. */
export async function indexDirectory(t: TestContext): Promise<string> {
  const parent = await fs.mkdtemp(join(tmpdir(), 'fi-index-'));
  t.after(() => fs.rm(parent, { recursive: true, force: true }));
  return join(parent, 'index');
}

export function opened<Index>(result: OpenedIndex<Index>): Index {
  assert.equal(result.kind, 'open', JSON.stringify(result));
  return (result as { index: Index }).index;
}

/** A writer that is closed with the test. */
export async function openWriter(t: TestContext, directory: string): Promise<IndexWriter> {
  const writer = opened(await IndexWriter.open(directory));
  t.after(() => writer.close());
  return writer;
}

/** A reader that is closed with the test. */
export async function openReader(t: TestContext, directory: string): Promise<ConsultationIndex> {
  const reader = opened(await ConsultationIndex.open(directory));
  t.after(() => reader.close());
  return reader;
}

interface Expected {
  head: ConsultationHead;
  entries: IndexEntry[];
}

/** What an index of these events must say of each consultation, worked out without it. */
export function expectedOf(links: readonly SequencedLink[]): Map<string, Expected> {
  const consultations = new Map<string, Expected>();
  for (const { sequence, link } of links) {
    const view = new LinkView(link);
    const before = consultations.get(view.consultationId);
    const entry = { version: view.version, sequence, typeCode: view.typeCode, hash: view.hash };
    consultations.set(view.consultationId, {
      head: advanceHead(before?.head, view, sequence, view.hash),
      entries: [...(before?.entries ?? []), entry],
    });
  }
  return consultations;
}

/** Asserts that the index holds exactly the first `appliedSequence` of these events, and returns how many. */
export function assertHoldsPrefix(index: ConsultationIndex, links: readonly SequencedLink[]): number {
  const applied = index.appliedSequence();
  assert.ok(applied <= links.length, `${applied} events are no more than there are`);
  const expected = expectedOf(links.slice(0, applied));
  for (const [consultationId, { head, entries }] of expected) {
    assert.deepEqual(index.head(consultationId), head);
    assert.deepEqual(index.entries(consultationId, 1, links.length), entries);
  }
  for (const { sequence, link } of links) {
    const { eventId, consultationId, version } = new LinkView(link);
    assert.deepEqual(index.locate(eventId), sequence <= applied ? { consultationId, version } : undefined);
    if (!expected.has(consultationId)) assert.equal(index.head(consultationId), undefined);
  }
  return applied;
}
