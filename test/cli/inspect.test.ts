import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesText, grouped, textTable } from '../../src/cli/text-table.js';
import { playScript } from '../store/event-store.contract.js';
import { cli } from '../support/cli.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface Inspected {
  head_sequence: number;
  segments: { file: string; events: number; codec: string; file_bytes: number; link_bytes: number }[];
  columns: { path: string; stored_bytes: number; raw_bytes: number }[];
  journals: { events: number; first_sequence: number }[];
  live_files: { file: string }[];
  index: { file_bytes: number; applied_sequence: number };
  totals: Record<string, number>;
}

test('shows sizes, codecs and counts that add up, while the store is open', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await openTestStore(directory, { roll: { events: 60, bytes: 1e9, ageMs: 1e9 } });
  t.after(() => store.close());
  for (const seed of [1, 2, 3]) await playScript(store, seed);
  await store.archived();
  const { headSequence } = await store.health();
  const json = await cli(['inspect', '--json', '--data-dir', directory]);
  assert.equal(json.exitCode, 0, json.stderr);
  const report = JSON.parse(json.stdout) as Inspected;
  const { segments, journals, totals } = report;
  assert.equal(report.head_sequence, headSequence);
  assert.equal(totals.events, headSequence);
  assert.equal(
    segments.reduce((sum, { events }) => sum + events, 0) +
      journals.reduce((sum, one) => sum + one.events, 0),
    headSequence,
  );
  assert.ok(segments.length > 1);
  for (const { file, file_bytes, codec } of segments) {
    assert.equal((await stat(join(directory, 'segments', file))).size, file_bytes);
    assert.equal(codec, 'gzip:4');
  }
  const payload = report.columns.find(({ path }) => path === 'events/payload');
  assert.ok(payload && payload.stored_bytes > 0 && payload.stored_bytes < payload.raw_bytes);
  const stored = report.columns.reduce((sum, { stored_bytes }) => sum + stored_bytes, 0);
  assert.ok(stored > 0 && stored < (totals.sealed_file_bytes ?? 0), 'columns fit into their files');
  assert.equal(report.index.applied_sequence, headSequence);
  const live = (await readdir(join(directory, 'segments'))).filter((name) => name.endsWith('.live.h5'));
  assert.deepEqual(
    report.live_files.map(({ file }) => file),
    live,
  );

  const text = await cli(['inspect', '--data-dir', directory]);
  assert.equal(text.exitCode, 0);
  for (const { file } of segments) assert.ok(text.stdout.includes(file));
  assert.match(text.stdout, new RegExp(`\nall +${grouped(headSequence)} +newest event`));
});

test('sets tables and sizes for people', () => {
  assert.equal(
    textTable(
      ['name', 'n'],
      [
        ['a', '1'],
        ['bb', '1,000'],
      ],
    ),
    'name      n\na         1\nbb    1,000\n',
  );
  assert.deepEqual([0, 999, 1000, 1234567, 12_345_678_901].map(grouped), [
    '0',
    '999',
    '1,000',
    '1,234,567',
    '12,345,678,901',
  ]);
  assert.deepEqual([0, 999, 1234, 12_345_678].map(bytesText), ['0 B', '999 B', '1.23 KB', '12.3 MB']);
});
