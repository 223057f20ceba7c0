import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { REPORTED } from '../../../bench/benchmarks.js';
import { latency, medianOf, newHistogram, scalar } from '../../../bench/harness/measures.js';
import { REPORT_PATHS, readReport, writeReport } from '../../../bench/harness/report.js';
import { reportHtml } from '../../../bench/harness/report-html.js';
import { reportMarkdown } from '../../../bench/harness/report-markdown.js';
import { type BenchmarkResult, checkedResult, SCHEMA_VERSION } from '../../../bench/harness/result.js';
import { writeResult } from '../../../bench/harness/run-as-main.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const times = newHistogram();
for (let value = 1; value <= 2000; value += 1) times.recordValue(value);

const calibration: BenchmarkResult['calibration']['before'] = {
  sha256_per_second: 1000,
  json_per_second: 1000,
  fsync: latency(times).uncorrected,
  write_mb_per_second: 500,
  load: [0, 0, 0],
};
const row = { process: 'p', parameters: {}, validity: { status: 'valid' as const, reasons: [] } };
const RESULT: BenchmarkResult = checkedResult({
  schema_version: SCHEMA_VERSION,
  benchmark: 'append',
  title: 'Appends <b>',
  question: 'How many?',
  command: 'npm run bench:append',
  size: 'full',
  seed: 1,
  duration_seconds: 3,
  started_at: '2026-01-01T00:00:00.000Z',
  commit: { hash: 'abc', dirty: true },
  machine: {
    cpu: 'c',
    cores: 2,
    memory_bytes: 2 ** 30,
    kernel: 'k',
    os: 'o',
    file_system: 'ext4',
    node: 'v20',
  },
  settings: {},
  calibration: { before: calibration, after: { ...calibration, sha256_per_second: 500 } },
  cases: [
    {
      ...row,
      name: 'synced',
      durability: 'fsync',
      measures: { rate: medianOf([2000, 1000, 3000], '1/s'), time: latency(times, times) },
    },
    { ...row, name: 'not kept', durability: 'memory', measures: { rate: scalar(9000, '1/s') } },
    {
      ...row,
      name: 'late',
      durability: 'fsync',
      validity: { status: 'invalid', reasons: ['it fell behind'] },
      measures: { rate: scalar(1, '1/s') },
    },
    {
      ...row,
      name: 'absent',
      durability: 'fsync',
      validity: { status: 'skipped', reasons: ['no bun'] },
      measures: {},
    },
  ],
  derived: {},
  checks: [{ what: 'slope', measured: 3, unit: 'ms', at_most: 2, at_least: null, kept: false }],
  findings: ['It is `fast` & **sure**.'],
  charts: [
    {
      title: 'Bars',
      kind: 'bar',
      x: { label: 'x', unit: '', scale: 'linear' },
      y: { label: 'y', unit: 'µs', scale: 'log' },
      series: [
        {
          name: 's & t',
          points: [
            { x: 'a"b', y: 0 },
            { x: 'b', y: 1e6, low: 1, high: 2e6 },
          ],
        },
      ],
    },
    {
      title: 'Lines',
      kind: 'line',
      x: { label: 'events', unit: '', scale: 'log' },
      y: { label: 'y', unit: '', scale: 'linear' },
      series: [
        {
          name: 's',
          points: [
            { x: 100, y: 5 },
            { x: 1e7, y: 5 },
          ],
        },
      ],
    },
    {
      title: 'Nothing',
      kind: 'line',
      x: { label: 'x', unit: '', scale: 'linear' },
      y: { label: 'y', unit: '', scale: 'linear' },
      series: [],
    },
  ],
  tables: [],
});
const REPORT = { results: [RESULT], missing: ['growth'] };

test('the report keeps what was synced and what was not apart', () => {
  const tables = reportMarkdown(REPORT).split('### ');
  const [durable] = tables.filter((table) => table.startsWith('Durable: answered after fdatasync\n'));
  assert.match(durable ?? '', /\| synced \| 2,000 \(1,000–3,000\) \|/);
  assert.doesNotMatch(durable ?? '', /not kept/);
  assert.match(tables.find((table) => table.startsWith('Nothing is kept')) ?? '', /\| not kept \| 9,000 \|/);
});

test('the report shows corrected and uncorrected together, and p99.9 only with samples enough', () => {
  const text = reportMarkdown(REPORT);
  assert.match(
    text,
    /\| synced: time \| when it was due \| 2,000 \| 1,000 \| 1,800 \| 1,900 \| 1,980 \| – \| 2,000 \|/,
  );
  assert.match(text, /\| synced: time \| when it was sent \| 2,000 \|/);
});

test('the report says what must not be quoted, what was exceeded, what changed, and what was not run', () => {
  const text = reportMarkdown(REPORT);
  assert.match(text, /Not to be quoted:\*\* late is invalid: it fell behind\./);
  assert.match(text, /\| late \(\*\*invalid\*\*\) \| 1 \|/);
  assert.match(text, /absent is skipped: no bun\./);
  assert.match(text, /\| slope \| 3 ms \| at most 2 ms \| \*\*exceeded\*\* \|/);
  assert.match(text, /The machine changed during the run/);
  assert.match(text, /\| commit \| abc\+ \|/);
  assert.match(text, /Not run yet: `npm run bench:growth`/);
});

test('the page needs nothing from elsewhere, and every chart has its figures as a table', () => {
  const page = reportHtml(REPORT);
  assert.doesNotMatch(page, /<script|https?:|url\(|@import|<b>/);
  assert.equal(page.match(/<svg /g)?.length, 2, 'a chart without points is left out');
  assert.equal(page.match(/<figure>[\s\S]*?<svg [\s\S]*?<table>[\s\S]*?<\/figure>/g)?.length, 2);
  assert.doesNotMatch(page, /NaN|Infinity|undefined/);
  assert.match(page, /Appends &lt;b&gt;/);
  assert.match(page, /It is <code>fast<\/code> &amp; <strong>sure<\/strong>\./);
  for (const what of ['prefers-color-scheme:dark', 'name="viewport"']) assert.ok(page.includes(what), what);
  const opened = [...page.matchAll(/<(\w+)[^>]*>/g)].map(([, name]) => name);
  for (const name of ['table', 'section', 'figure', 'svg', 'details']) {
    const closed = page.split(`</${name}>`).length - 1;
    assert.equal(closed, opened.filter((one) => one === name).length, name);
  }
});

test('a file that is no result of this version is refused with the place at fault', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeResult(join(directory, 'append.json'), RESULT);
  const paths = { results: directory, markdown: join(directory, 'b.md'), html: join(directory, 'b.html') };
  await writeReport(['append', 'growth'], paths);
  assert.equal(await readFile(paths.markdown, 'utf8'), reportMarkdown(REPORT));
  assert.equal(await readFile(paths.html, 'utf8'), reportHtml(REPORT));
  await writeFile(join(directory, 'append.json'), JSON.stringify({ ...RESULT, schema_version: 0 }));
  await assert.rejects(readReport(['append'], directory), /not a benchmark result: \/schema_version/);
});

test('docs/BENCHMARKS.md and report.html are what the results beside them give', async () => {
  const report = await readReport(REPORTED, REPORT_PATHS.results);
  assert.equal(await readFile(REPORT_PATHS.markdown, 'utf8'), reportMarkdown(report));
  assert.equal(await readFile(REPORT_PATHS.html, 'utf8'), reportHtml(report));
});
