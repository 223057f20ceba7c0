/** A small data directory of every kind of file, and checks of it, for the tests of verify. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { EventStore } from '../../../src/store/event-store.js';
import {
  type VerifyOptions,
  type VerifySummary,
  verifyDirectory,
} from '../../../src/store/verify/verify-directory.js';
import type { Damage } from '../../../src/store/verify/verify-report.js';
import { openTestStore } from '../../support/local-store.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const SEGMENT_EVENTS = 6;
const TAIL_EVENTS = 4;
/** Two consultations, which take turns and go through all segments. */
const CONSULTATIONS = 2;

export interface Verified {
  summary: VerifySummary;
  damages: Damage[];
  notes: string[];
}

export async function verified(dataDir: string, options: Partial<VerifyOptions> = {}): Promise<Verified> {
  const damages: Damage[] = [];
  const notes: string[] = [];
  const summary = await verifyDirectory({
    dataDir,
    onDamage: (damage) => damages.push(damage),
    onNote: (note) => notes.push(note),
    ...options,
  });
  return { summary, damages, notes };
}

async function say(store: EventStore, ids: readonly string[], count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const payload = { message_content: `me duele desde hace ${i} días`, message_role: 'user' };
    const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
    await store.append({
      consultationId: ids[i % ids.length] as string,
      userId: 'dr',
      source: 'test',
      events,
    });
  }
}

export interface SmallStore {
  dataDir: string;
  /** Its consultations. */
  ids: string[];
  /** Its newest event. */
  headSequence: number;
}

/**
 * A sealed segment of 6 events for each codec, then a journal of 4 events in blocks of their own, and an index.
 * Closed.
 */
export async function smallStore(t: TestContext, codecs: readonly string[]): Promise<SmallStore> {
  const dataDir = await temporaryDirectory(t);
  const roll = { events: SEGMENT_EVENTS, bytes: 1e9, ageMs: 1e9 };
  const ids: string[] = [];
  let headSequence = 0;
  for (const codec of codecs) {
    const store = await openTestStore(dataDir, { roll, codec });
    while (ids.length < CONSULTATIONS) {
      ids.push((await store.create({ userId: 'dr', source: 'test' })).consultationId);
    }
    headSequence = (await store.health()).headSequence;
    // The first event after a full segment begins the next journal, and the full one is sealed.
    const target = SEGMENT_EVENTS * (codecs.indexOf(codec) + 1) + (codec === codecs.at(-1) ? TAIL_EVENTS : 1);
    await say(store, ids, target - headSequence);
    await store.archived();
    headSequence = (await store.health()).headSequence;
    await store.close();
  }
  return { dataDir, ids, headSequence };
}

/** A copy that a test may damage. */
export async function copyOf(t: TestContext, dataDir: string): Promise<string> {
  const copy = await temporaryDirectory(t);
  await cp(dataDir, copy, { recursive: true });
  return copy;
}

/** The names of a folder's files that end so, sorted. */
export async function filesOf(dataDir: string, folder: string, end: string): Promise<string[]> {
  const names = await readdir(join(dataDir, folder));
  return names.filter((name) => name.endsWith(end) && !name.endsWith(`.live${end}`)).sort();
}
