import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FindingResult } from '../../bench/finding/document.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const PROGRAM = fileURLToPath(new URL('../../bench/finding.bench.js', import.meta.url));

test('finds consultations among a few thousand over HTTP, and writes how long it took', async (t) => {
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'finding.json');
  const document = join(directory, 'FINDING.md');
  await promisify(execFile)(
    process.execPath,
    [PROGRAM, '--smoke', '--output', output, '--document', document],
    {
      env: { PATH: process.env.PATH },
    },
  );
  const { consultations, events, cases, walk, verdicts } = JSON.parse(
    await readFile(output, 'utf8'),
  ) as FindingResult;
  assert.ok(events > 3 * consultations);
  const found = new Map(cases.map((each) => [each.what, each.found]));
  assert.equal(found.get('no filter'), 50);
  assert.equal(found.get('no filter, 200 of them'), 200);
  assert.equal(found.get('by a user that there is not'), 0);
  assert.ok((found.get('by user') ?? 0) > 0);
  assert.equal(walk.found, 200 * walk.pages);
  const page = await readFile(document, 'utf8');
  for (const { what } of [...cases, ...verdicts]) assert.ok(page.includes(`| ${what} |`), what);
});
