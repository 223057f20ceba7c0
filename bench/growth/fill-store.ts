/**
 * Child process: fills a data directory with the history of workload.ts, straight into the store, and leaves the
 * ids that the measurements need in `growth-sample.json` beside the data.
 *
 * It is a process of its own so that the memory it used, mapped pages of the index included, is not that of
 * the service under measurement. Arguments: the directory, the events, the seed. Progress goes to the parent.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { openConfiguredStore } from '../../src/cli/configured-store.js';
import { assert } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { integerBetween, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { loadSettings } from '../../src/ops/settings.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import type { LocalStore } from '../../src/store/open-local-store.js';
import {
  Payloads,
  PROBE_LENGTHS,
  type ProbeLength,
  plannedLength,
  type Sample,
  USER_ID,
} from './workload.js';

/** Consultations that go on at the same time, at most, and one for how many stored events before that. */
const OPEN_MAX = 300;
const EVENTS_PER_OPEN = 40;
/** A consultation is written in about this many appends. */
const APPENDS_EACH = 10;
/** Events sent before any is waited for: a block of the journal. */
const BURST_EVENTS = 2000;
const ENDLESS_SHARE = 100;
/** What may wait for the index, and to be sealed, before the fill waits. */
const UNINDEXED_MAX = limits.unindexedEventsMax / 2;
const UNSEALED_MAX = 2;
const SHORT_SAMPLES = 400;
const PROBE_SAMPLES = 8;
const SOURCE = 'bench';

interface Open {
  id: string;
  length: number;
  written: number;
}

class Filler {
  private stored = 0;
  private started = 0;
  private open: Open[] = [];
  private readonly payloads: Payloads;
  private readonly random: Random;
  private readonly sample: Sample = { probes: { 100: [], 1000: [], 5000: [] }, short: [], endless: '' };
  private shortSeen = 0;
  private endlessEvents = 1;

  constructor(
    private readonly store: LocalStore,
    private readonly events: number,
    seed: number,
  ) {
    this.payloads = new Payloads(seed);
    this.random = seededRandom(seed + 1);
  }

  async fill(onProgress: (stored: number) => void): Promise<Sample> {
    this.sample.endless = await this.start();
    while (this.stored < this.events) {
      await this.round();
      await this.waitForFollowers();
      onProgress(Math.min(this.stored, this.events));
    }
    return this.sample;
  }

  /** One visit to every open consultation, in bursts. */
  private async round(): Promise<void> {
    const openMax = Math.min(OPEN_MAX, 3 + Math.floor(this.stored / EVENTS_PER_OPEN));
    while (this.open.length < openMax && this.stored < this.events) await this.begin();
    let burst: Promise<unknown>[] = [];
    let burstEvents = 0;
    for (const consultation of this.open) {
      if (this.stored >= this.events) break;
      const { length, written } = consultation;
      const count = Math.min(Math.ceil(length / APPENDS_EACH), length - written, this.events - this.stored);
      burst.push(this.append(consultation.id, count));
      consultation.written += count;
      burstEvents += count;
      if (burstEvents < BURST_EVENTS) continue;
      await Promise.all(burst);
      [burst, burstEvents] = [[], 0];
    }
    await Promise.all(burst);
    await this.feedEndless();
    this.open = this.open.filter((consultation) => !this.isComplete(consultation));
  }

  /** Several begin at once, so that they share a block. */
  private async begin(): Promise<void> {
    const count = Math.min(50, this.events - this.stored);
    const begun = Array.from({ length: count }, async () => {
      const length = plannedLength(this.started + 1, this.stored, this.random);
      const id = await this.start();
      this.open.push({ id, length, written: 1 });
    });
    await Promise.all(begun);
  }

  private async start(): Promise<string> {
    this.started += 1;
    this.stored += 1;
    const { consultationId } = await this.store.create({ userId: USER_ID, source: SOURCE });
    return consultationId;
  }

  private append(consultationId: string, count: number): Promise<unknown> {
    this.stored += count;
    const events = Array.from({ length: count }, () => this.payloads.next());
    return this.store.append({ consultationId, userId: USER_ID, source: SOURCE, events });
  }

  private async feedEndless(): Promise<void> {
    const wanted = Math.floor(this.stored / ENDLESS_SHARE);
    const count = Math.min(wanted - this.endlessEvents, limits.batchEventsMax, this.events - this.stored);
    if (count <= 0) return;
    this.endlessEvents += count;
    await this.append(this.sample.endless, count);
  }

  /** Whether a consultation has all of its events; then it may become a part of the sample. */
  private isComplete({ id, length, written }: Open): boolean {
    if (written < length) return false;
    const probe = PROBE_LENGTHS.find((one): one is ProbeLength => one === length);
    if (probe === undefined) this.sampleShort(id);
    else if (this.sample.probes[probe].length < PROBE_SAMPLES) this.sample.probes[probe].push(id);
    return true;
  }

  /** A reservoir: every short consultation has the same chance, whenever it was. */
  private sampleShort(id: string): void {
    const { short } = this.sample;
    this.shortSeen += 1;
    const place =
      short.length < SHORT_SAMPLES ? short.length : integerBetween(this.random, 0, this.shortSeen - 1);
    if (place < SHORT_SAMPLES) short[place] = id;
  }

  private async waitForFollowers(): Promise<void> {
    for (;;) {
      const { headSequence, details } = await this.store.health();
      const unindexed = headSequence - Number(details.indexed_sequence);
      if (unindexed <= UNINDEXED_MAX && Number(details.unsealed_journals) <= UNSEALED_MAX) return;
      await delay(20);
    }
  }
}

async function run(dataDir: string, events: number, seed: number): Promise<void> {
  const settings = loadSettings({ env: {}, flags: { dataDir }, parseCodec });
  const store = await openConfiguredStore(settings, {
    logger: pino({ level: 'warn' }),
    onFailed: (error) => {
      throw error;
    },
  });
  let told = 0;
  const sample = await new Filler(store, events, seed).fill((stored) => {
    if (Date.now() - told < 200) return;
    told = Date.now();
    process.send?.({ stored });
  });
  await store.archived();
  await store.close();
  await writeFile(join(dataDir, 'growth-sample.json'), `${JSON.stringify(sample)}\n`);
  process.send?.({ stored: events });
}

const [directory, events, seed] = process.argv.slice(2);
assert(directory !== undefined && process.argv.length === 5, 'arguments are directory, events and seed');
await run(directory, Number(events), Number(seed));
