import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  pagePath,
  type ResilienceResult,
  resiliencePage,
  resultPath,
  writeResult,
} from '../../bench/resilience/page.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const RESULT: ResilienceResult = {
  command: 'npm run torture -- --minutes 5',
  surroundings: { commit: 'abc', takenAt: 'then', machine: 'm', node: 'v20', loadBefore: '0' },
  passed: true,
  rows: [['lost', '0', '']],
  report: {},
};

test('docs/RESILIENCE.md is what its commands write from the results beside it', async () => {
  assert.equal(await readFile(pagePath(), 'utf8'), await resiliencePage());
});

test('each command writes its own section and leaves that of the other', async (t) => {
  const root = await temporaryDirectory(t);
  await writeResult('torture', RESULT, root);
  const alone = await readFile(pagePath(root), 'utf8');
  assert.match(alone, /\| lost \| 0 \| \|/);
  assert.match(alone, /Not run yet: `npm run test:faults`\./);
  await writeResult('faults', { ...RESULT, passed: false, rows: [['runs', '10,000', 'x']] }, root);
  const both = await readFile(pagePath(root), 'utf8');
  assert.match(
    both,
    /\| lost \| 0 \| \|[\s\S]*\| verdict \| \*\*FAILED\*\* \| \|\n\| runs \| 10,000 \| x \|/,
  );
  await rm(resultPath('torture', root));
  assert.match(await resiliencePage(root), /Not run yet: `npm run torture`\./);
  await mkdir(dirname(resultPath('faults', root)), { recursive: true });
  await writeFile(resultPath('faults', root), 'no json');
  await assert.rejects(resiliencePage(root), SyntaxError);
});
