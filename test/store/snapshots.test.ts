import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { consultationIn } from '../../src/domain/state-text.js';
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import type { Snapshot } from '../../src/index/snapshot-layout.js';
import type { LocalStore } from '../../src/store/open-local-store.js';
import { opened } from '../index/support.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

async function storedSnapshot(directory: string, consultationId: string): Promise<Snapshot | undefined> {
  const index = opened(await ConsultationIndex.open(join(directory, 'index')));
  const snapshot = index.snapshot(consultationId);
  await index.close();
  return snapshot;
}

async function say(store: LocalStore, consultationId: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => {
    const payload = { message_content: `text ${index}`, message_role: 'user' };
    return { type: 'MESSAGE_RECEIVED' as const, payload };
  });
  await store.append({ consultationId, userId: 'dr', source: 'test', events });
}

test('a read leaves a snapshot behind, and states are the same with it, past it, and without it', async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await openTestStore(directory);
  const { consultationId } = await first.create({ userId: 'dr', source: 'test', patientStub: { age: 40 } });
  await say(first, consultationId, 200);
  const before = await first.stateText(consultationId);
  await first.close();
  const snapshot = await storedSnapshot(directory, consultationId);
  assert.equal(snapshot?.version, 201);
  assert.deepEqual(snapshot.stateText, before.json);
  assert.equal(snapshot.patientStub, '{"age":40}');

  const second = await openTestStore(directory);
  assert.deepEqual(await second.stateText(consultationId), before);
  await say(second, consultationId, 5);
  const after = await second.stateText(consultationId);
  assert.equal(after.version, 206);
  await second.close();
  assert.equal((await storedSnapshot(directory, consultationId))?.version, 201);

  await rm(join(directory, 'index'), { recursive: true });
  const third = await openTestStore(directory);
  assert.deepEqual(await third.stateText(consultationId), after);
  assert.deepEqual(consultationIn(after.json.toString()), await third.state(consultationId));
  await third.close();
  assert.equal((await storedSnapshot(directory, consultationId))?.version, 206);
});
