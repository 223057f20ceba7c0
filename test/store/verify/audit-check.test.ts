/** What verify finds in an audit trail, next to a store of events. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { nodeDisk } from '../../../src/ops/disk.js';
import { checkAudit } from '../../../src/store/verify/audit-check.js';
import type { AuditAnchor, Damage } from '../../../src/store/verify/verify-report.js';
import { smallTrail } from '../../audit/trails.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** A data directory with a trail of three lines, two entries each, in one file or in one for each. */
async function withTrail(t: TestContext, fileBytesMax?: number) {
  const dataDir = await temporaryDirectory(t);
  const audit = join(dataDir, 'audit');
  await mkdir(audit);
  await cp(await smallTrail(t, fileBytesMax), audit, { recursive: true });
  const files = (await readdir(audit)).sort().map((name) => join(audit, name));
  return { dataDir, files };
}

async function check(dataDir: string, expected: readonly AuditAnchor[] = []) {
  const damages: Damage[] = [];
  const notes: string[] = [];
  const report = {
    damage: (one: Damage) => damages.push(one),
    note: (text: string) => notes.push(text),
    done: () => {},
  };
  const findings = await checkAudit(nodeDisk, dataDir, { report, expected });
  return { findings, damages, notes };
}

const linesOf = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8')).split('\n').slice(0, -1);
const hashOf = (line: string | undefined): string => line?.slice(0, 64) ?? '';

describe('the check of an audit trail', () => {
  it('finds nothing in one that is sound, and gives its head', async (t) => {
    for (const fileBytesMax of [1, 1e6]) {
      const { dataDir, files } = await withTrail(t, fileBytesMax);
      const { findings, damages, notes } = await check(dataDir);
      const hash = hashOf((await linesOf(files.at(-1) as string)).at(-1));
      assert.deepEqual([damages, notes, findings.entries, findings.head], [[], [], 6, { number: 6, hash }]);
    }
    assert.deepEqual((await check(await temporaryDirectory(t))).findings, {
      entries: 0,
      bytes: 0,
      head: undefined,
    });
  });

  it('names file and offset of every byte that was changed', async (t) => {
    const { dataDir, files } = await withTrail(t, 1e6);
    const path = files[0] as string;
    const whole = await readFile(path);
    const starts = [0];
    for (let at = whole.indexOf(10); at >= 0 && at + 1 < whole.length; at = whole.indexOf(10, at + 1))
      starts.push(at + 1);
    for (let offset = 0; offset < whole.length - 1; offset += 11) {
      const bytes = Buffer.from(whole);
      bytes[offset] = (bytes[offset] as number) ^ 1;
      await writeFile(path, bytes);
      const { damages } = await check(dataDir);
      const line = starts.findLast((start) => start <= offset);
      assert.equal(damages[0]?.file, 'audit/0000000000000001.audit', `offset ${offset}`);
      assert.equal(damages[0]?.offset, line, `offset ${offset}`);
    }
  });

  it('finds a line that was removed, put elsewhere or made anew', async (t) => {
    const { dataDir, files } = await withTrail(t, 1e6);
    const path = files[0] as string;
    const [first, second, third] = (await linesOf(path)) as [string, string, string];
    for (const [what, lines] of Object.entries({
      'the first is gone': [second, third],
      'the second is gone': [first, third],
      'two changed places': [first, third, second],
      'one is there twice': [first, second, second, third],
    })) {
      await writeFile(path, `${lines.join('\n')}\n`);
      const { damages } = await check(dataDir);
      assert.match(damages[0]?.what ?? '', /does not follow the one before it/, what);
    }
  });

  it('finds a file that is missing, or has another name', async (t) => {
    const { dataDir, files } = await withTrail(t);
    const [first, second] = files as [string, string];
    await rename(second, `${second}.away`);
    assert.match((await check(dataDir)).damages[0]?.what ?? '', /0000000000000003\.audit is due here/);
    await rename(`${second}.away`, second);
    await rm(first);
    assert.match((await check(dataDir)).damages[0]?.what ?? '', /0000000000000001\.audit is due here/);
  });

  it('notes a torn last line, and takes it for damage in any file but the last', async (t) => {
    const { dataDir, files } = await withTrail(t);
    const [, second, third] = files as [string, string, string];
    await truncate(third, 100);
    const torn = await check(dataDir);
    assert.deepEqual([torn.damages, torn.findings.head?.number], [[], 4]);
    assert.match(torn.notes[0] ?? '', /0000000000000005\.audit: the last 100 bytes are a line in progress/);
    await truncate(second, 100);
    assert.match((await check(dataDir)).damages[0]?.what ?? '', /the last line is not what was written/);
  });

  it('finds a trail that was cut at its end, or made anew, by a head that was noted', async (t) => {
    const { dataDir, files } = await withTrail(t, 1e6);
    const path = files[0] as string;
    const lines = await linesOf(path);
    const noted = [
      { number: 4, hash: hashOf(lines[1]) },
      { number: 6, hash: hashOf(lines[2]) },
    ];
    assert.deepEqual((await check(dataDir, noted)).damages, []);
    await writeFile(path, `${lines.slice(0, 2).join('\n')}\n`);
    assert.deepEqual((await check(dataDir)).damages, [], 'nothing inside the directory tells');
    assert.match(
      (await check(dataDir, noted)).damages[0]?.what ?? '',
      /entry 6 .* is missing: the newest one is 4/,
    );
    await writeFile(path, `${lines.join('\n')}\n`);
    const other = [{ number: 6, hash: hashOf(lines[0]) }];
    assert.match(
      (await check(dataDir, other)).damages[0]?.what ?? '',
      /entry 6 .* does not have the expected hash/,
    );
  });
});
