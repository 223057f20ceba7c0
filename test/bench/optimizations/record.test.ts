import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scalar } from '../../../bench/harness/measures.js';
import { ROOT } from '../../../bench/harness/report.js';
import type { BenchmarkResult, CaseResult } from '../../../bench/harness/result.js';
import { optimizationsDocument } from '../../../bench/optimizations/document.js';
import { optimizationOf, readOptimizations } from '../../../bench/optimizations/entry.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { sampleResult } from '../verdicts/sample-result.js';

const WORDS = { title: 'A title', change: 'A sentence.' };

function row(name: string, ratio: number, low: number, high: number): CaseResult {
  return {
    name,
    process: 'compare',
    parameters: { base: '1234567', blamed: false },
    durability: 'fsync',
    validity: { status: 'valid', reasons: [] },
    measures: {
      ratio: scalar(ratio, ''),
      low: scalar(low, ''),
      high: scalar(high, ''),
      samples: scalar(8, ''),
    },
  };
}
const compared = (): BenchmarkResult =>
  sampleResult('compare', [
    row('total', 0.9, 0.85, 0.95),
    row('hash', 1.01, 0.9, 1.1),
    row('cpu', 1.2, 1.1, 1.3),
  ]);

test('records a comparison after those before it, and writes the page', async (t) => {
  const directory = await temporaryDirectory(t);
  const [result, list, document] = ['compare.json', 'list.json', 'page.md'].map((name) =>
    join(directory, name),
  );
  await writeFile(result as string, JSON.stringify(compared()));
  const program = fileURLToPath(new URL('../../../bench/record.js', import.meta.url));
  const where = ['--result', result, '--list', list, '--document', document] as string[];
  for (const title of ['First', 'Second']) {
    await promisify(execFile)(process.execPath, [
      program,
      ...where,
      '--title',
      title,
      '--change',
      'A sentence.',
    ]);
  }
  const recorded = await readOptimizations(list);
  assert.deepEqual(
    recorded.map(({ title }) => title),
    ['First', 'Second'],
  );
  assert.deepEqual([recorded[0]?.before, recorded[0]?.after], ['1234567', 'abc']);
  const page = await readFile(document as string, 'utf8');
  assert.match(page, /## 2\. Second/);
  assert.match(page, /\| total \| 0\.900 \| 0\.850 to 0\.950 \| 8 \| faster \|/);
  assert.match(page, /\| hash \| .* \| no difference shown \|/);
  assert.match(page, /\| cpu \| .* \| slower \|/);
});

test('records nothing that may not be quoted', () => {
  const good = compared();
  const refused: [BenchmarkResult, RegExp][] = [
    [{ ...good, benchmark: 'append' }, /record one of bench:compare/],
    [{ ...good, size: 'smoke' }, /a smoke run shows nothing/],
    [{ ...good, commit: { hash: 'abc', dirty: true } }, /commit them, and compare again/],
    [{ ...good, cases: good.cases.map((one) => ({ ...one, measures: {} })) }, /give it more minutes/],
  ];
  for (const [result, why] of refused) assert.throws(() => optimizationOf(result, WORDS), why);
});

test('the page in docs is made of what was recorded, and of nothing else', async () => {
  const page = await readFile(join(ROOT, 'docs/OPTIMIZATION_RESULTS.md'), 'utf8');
  assert.equal(page, optimizationsDocument(await readOptimizations()));
});
