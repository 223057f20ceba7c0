import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { AuditTrail } from '../../src/audit/audit-trail.js';
import type { AuditQuery } from '../../src/domain/access-entry.js';
import { CodedError } from '../../src/domain/errors.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { diskError, type Faults, faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { access, MINUTE_MS, openTrail, START_MS, smallTrail } from './trails.js';

const isCode = (code: string) => (error: unknown) => error instanceof CodedError && error.code === code;

async function numbers(trail: AuditTrail, query: Partial<AuditQuery> = {}): Promise<number[]> {
  const found: number[] = [];
  for (let fromNumber: number | undefined = query.fromNumber ?? 1; fromNumber !== undefined; ) {
    const page = await trail.read({ limit: 1000, ...query, fromNumber });
    found.push(...page.entriesJson.map((json) => (JSON.parse(json) as { number: number }).number));
    fromNumber = page.nextNumber;
  }
  return found;
}

const texts = async (directory: string): Promise<string> =>
  (
    await Promise.all(
      (await readdir(directory)).sort().map((name) => readFile(join(directory, name), 'utf8')),
    )
  ).join('');

describe('the audit trail', () => {
  it('keeps what was added, in order, over restarts and files', async (t) => {
    const directory = await smallTrail(t);
    const again = await openTrail(t, directory, { fileBytesMax: 1 });
    assert.deepEqual(again.head.number, 6);
    await again.append([access(6)]);
    assert.deepEqual(await numbers(again), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(
      await readdir(directory),
      [1, 3, 5, 7].map((n) => `${String(n).padStart(16, '0')}.audit`),
    );
  });

  it('makes no file before there is something to write', async (t) => {
    const directory = await temporaryDirectory(t);
    const trail = await openTrail(t, join(directory, 'audit'));
    await trail.append([]);
    assert.deepEqual([await readdir(directory), trail.head.number], [[], 0]);
    assert.deepEqual(await numbers(trail), []);
  });

  it('chains every line to the one before it, as anybody can compute', async (t) => {
    const lines = (await texts(await smallTrail(t))).trimEnd().split('\n');
    let previous = '0'.repeat(64);
    for (const line of lines) {
      const [hash, json] = [line.slice(0, 64), line.slice(65)];
      assert.equal(createHash('sha256').update(json).digest('hex'), hash);
      assert.equal((JSON.parse(json) as { previous: string }).previous, previous);
      previous = hash;
    }
    assert.equal(lines.length, 3);
  });

  it('finds entries by consultation, subject, outcome and time, page by page', async (t) => {
    const directory = await temporaryDirectory(t);
    const trail = await openTrail(t, directory, { fileBytesMax: 1000 });
    const other = '018f0000-0000-7000-8000-000000000002';
    for (let minute = 0; minute < 40; minute += 1) {
      const isDenied = minute % 4 === 3;
      await trail.append([
        access(minute, {
          ...(minute % 2 === 1 && { consultationId: other }),
          ...(isDenied && { outcome: 'denied', code: 'CONSULTATION_NOT_YOURS', subject: 'dr-ruiz' }),
        }),
      ]);
    }
    const every = (step: number, from: number) =>
      Array.from({ length: 40 / step }, (_, index) => from + index * step);
    assert.deepEqual(await numbers(trail, { consultationId: other }), every(2, 2));
    assert.deepEqual(await numbers(trail, { subject: 'dr-ruiz' }), every(4, 4));
    assert.deepEqual(await numbers(trail, { outcome: 'denied', limit: 3 }), every(4, 4));
    const [fromMs, toMs] = [START_MS + 10 * MINUTE_MS, START_MS + 12 * MINUTE_MS];
    assert.deepEqual(await numbers(trail, { fromMs, toMs }), [11, 12, 13]);
    assert.deepEqual(await numbers(trail, { fromNumber: 38 }), [38, 39, 40]);
    const page = await trail.read({ fromNumber: 1, limit: 40 });
    assert.deepEqual([page.entriesJson.length, page.nextNumber], [40, undefined]);
  });

  it('puts entries that come together into lines one after the other', async (t) => {
    const trail = await openTrail(t, await temporaryDirectory(t));
    await Promise.all(Array.from({ length: 20 }, (_, minute) => trail.append([access(minute)])));
    assert.deepEqual(
      await numbers(trail),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it('has no time that is later than when its line was written, and never writes one earlier', async (t) => {
    const directory = await temporaryDirectory(t);
    let now = START_MS + 60 * MINUTE_MS;
    const trail = await openTrail(t, directory, { now: () => now });
    await trail.append([access(10)]);
    now = START_MS;
    await trail.append([access(90)]);
    const lines = (await texts(directory)).trimEnd().split('\n');
    const [first, second] = lines.map(
      (line) => JSON.parse(line.slice(65)) as { at: string; entries: { until: string }[] },
    );
    assert.equal(second?.at, first?.at);
    assert.equal(second?.entries[0]?.until, first?.at);
  });
});

describe('a start with an audit trail', () => {
  const last = async (directory: string) =>
    join(directory, (await readdir(directory)).sort().at(-1) as string);

  async function cutAt(t: TestContext, bytes: number): Promise<{ trail: AuditTrail; size: number }> {
    const directory = await smallTrail(t, 1e6);
    const path = await last(directory);
    const size = (await readFile(path)).length;
    await truncate(path, size - bytes);
    return { trail: await openTrail(t, directory), size };
  }

  it('cuts a torn last line wherever it is torn, and goes on', async (t) => {
    for (const bytes of [1, 2, 100, 400]) {
      const { trail } = await cutAt(t, bytes);
      assert.equal(trail.head.number, 4, `${bytes} bytes are missing`);
      assert.ok(trail.tornBytes > 0);
      await trail.append([access(9)]);
      assert.deepEqual(await numbers(trail), [1, 2, 3, 4, 5]);
    }
  });

  it('cuts a last line with a hole, as a power cut may leave it', async (t) => {
    const directory = await smallTrail(t, 1e6);
    const path = await last(directory);
    const bytes = await readFile(path);
    bytes.fill(0, bytes.length - 120, bytes.length - 20);
    await writeFile(path, bytes);
    const trail = await openTrail(t, directory);
    assert.equal(trail.head.number, 4);
  });

  it('drops a file whose first line never became durable', async (t) => {
    const directory = await smallTrail(t);
    await truncate(await last(directory), 10);
    const trail = await openTrail(t, directory, { fileBytesMax: 1 });
    assert.equal(trail.head.number, 4);
    await trail.append([access(9)]);
    assert.deepEqual(await numbers(trail), [1, 2, 3, 4, 5]);
  });

  it('stops at any other damage of the newest file, and changes nothing', async (t) => {
    const directory = await smallTrail(t, 1e6);
    const path = await last(directory);
    const whole = await readFile(path);
    for (const offset of [5, 90, 300, whole.length - 30]) {
      const bytes = Buffer.from(whole);
      bytes[offset] = (bytes[offset] as number) ^ 1;
      await writeFile(path, bytes);
      await assert.rejects(openTrail(t, directory), isCode('AUDIT_DAMAGED'), `offset ${offset}`);
      assert.deepEqual(await readFile(path), bytes);
    }
    const lines = whole.toString().split('\n');
    await writeFile(path, [lines[0], lines[2], ''].join('\n'));
    await assert.rejects(openTrail(t, directory), /does not follow the one before it/);
    await writeFile(path, whole);
    await appendFile(path, lines[0] ?? '');
    await appendFile(path, '\n');
    await assert.rejects(openTrail(t, directory), isCode('AUDIT_DAMAGED'));
  });
});

describe('a disk that fails under the audit trail', () => {
  it('refuses a line on a full disk without a trace, and takes it again later', async (t) => {
    const directory = await temporaryDirectory(t);
    const faults: Faults = { partialBytes: 50 };
    const trail = await openTrail(t, directory, { disk: faultyDisk(nodeDisk, faults) });
    await trail.append([access(0)]);
    faults.beforeWrite = () => {
      throw diskError('ENOSPC');
    };
    await assert.rejects(trail.append([access(1)]), isCode('STORAGE_FULL'));
    assert.deepEqual(await numbers(trail), [1]);
    delete faults.beforeWrite;
    await trail.append([access(2)]);
    assert.deepEqual(await numbers(trail), [1, 2]);
    await trail.close();
    assert.equal((await openTrail(t, directory)).head.number, 2);
  });

  it('takes nothing more after any other failure, and says so once', async (t) => {
    const failures: unknown[] = [];
    const faults: Faults = {};
    const trail = await openTrail(t, await temporaryDirectory(t), {
      disk: faultyDisk(nodeDisk, faults),
      onFailed: (error) => failures.push(error),
    });
    faults.beforeWrite = () => {
      throw diskError('EIO');
    };
    await assert.rejects(trail.append([access(0)]), isCode('LOG_UNAVAILABLE'));
    delete faults.beforeWrite;
    await assert.rejects(trail.append([access(1)]), isCode('LOG_UNAVAILABLE'));
    assert.equal(failures.length, 1);
  });
});
