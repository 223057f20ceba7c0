/** Measures a start after a kill: how long the service takes to recover a journal of some size. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseContext, CaseOutcome, Size } from '../harness/benchmark.js';
import { medianOf, scalar } from '../harness/measures.js';
import { newConsultations, startService } from '../harness/service-under-test.js';
import { piecesOf, uploadEvents } from '../support/upload.js';
import { appendBody, Payloads, USER_ID } from './workload.js';

const STARTS: Readonly<Record<Size, number>> = { full: 5, smoke: 1 };
const LINES = 5000;
/** Everything stays in one journal, however large. */
const ONE_JOURNAL = { FI_SEGMENT_EVENTS: '16777216', FI_SEGMENT_BYTES: '1073741824' };
const MEBIBYTE = 1024 * 1024;

/** A row: each start is on the same directory, whose service was killed with -9 right after its last answer. */
export async function measureRecovery(mebibytes: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { size, seed, directory } = context;
  const dataDir = join(directory, 'data');
  const first = await startService(dataDir, ONE_JOURNAL);
  const [id = ''] = await newConsultations(first.url, 1, USER_ID);
  const payloads = new Payloads(seed);
  const lines = Array.from({ length: LINES }, () => appendBody(payloads));
  let bytes = 0;
  while (bytes < mebibytes * MEBIBYTE) {
    await uploadEvents(first.url, id, piecesOf(lines, LINES));
    bytes = await bytesIn(join(dataDir, 'journal'));
    context.progress((0.7 * bytes) / (mebibytes * MEBIBYTE), 'filling');
  }
  await kill(first);
  const startsMs: number[] = [];
  let events = 0;
  for (let round = 0; round < STARTS[size]; round += 1) {
    const service = await startService(dataDir, ONE_JOURNAL);
    startsMs.push(service.startMs);
    events = service.headSequence;
    await kill(service);
    context.progress(0.7 + (0.3 * (round + 1)) / STARTS[size], 'starting');
  }
  return [
    {
      name: `recovery of a journal of ${mebibytes} MiB after kill -9`,
      parameters: { kind: 'recovery', mebibytes },
      durability: 'memory',
      invalid: [],
      measures: { recovery: medianOf(startsMs, 'ms', 'lower'), events: scalar(events, 'events') },
    },
  ];
}

async function kill(service: { pid: number; stop: () => Promise<void> }): Promise<void> {
  process.kill(service.pid, 'SIGKILL');
  await service.stop();
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((sum, one) => sum + one, 0);
}
