import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CpuProfile } from '../../profiles/support/cpu-profile.js';
import { lineCosts } from '../../profiles/support/line-costs.js';
import { SourceLines } from '../../profiles/support/source-lines.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const TYPESCRIPT = '// first\n\nfunction work(): void {\n  slow();\n}\n';
const JAVASCRIPT = 'function work() {\n    slow();\n}\n';
/** Lines 1 and 2 of the JavaScript are lines 3 and 4 of the TypeScript (VLQ of source map revision 3). */
const MAPPINGS = 'AAEA;IACE;AACF';

/** One function at line 1 of `url`, with the lines that its samples had. */
function profileOf(url: string, lineNumber: number, lines: readonly number[]): CpuProfile {
  const frame = (functionName: string, scriptId: string, of: string, line: number) => {
    return { functionName, scriptId, url: of, lineNumber: line, columnNumber: 0 };
  };
  return {
    nodes: [
      { id: 1, callFrame: frame('(root)', '0', '', -1), hitCount: 0, children: [2] },
      {
        id: 2,
        callFrame: frame('work', '5', url, lineNumber),
        hitCount: lines.length,
        positionTicks: lines.map((line) => ({ line, ticks: 1 })),
      },
    ],
    startTime: 0,
    endTime: 100,
    samples: [2],
    timeDeltas: [0],
  };
}

test('counts time at the line of TypeScript that the source map names, with its text', async (t) => {
  const root = await temporaryDirectory(t);
  await mkdir(join(root, 'dist/src'), { recursive: true });
  await mkdir(join(root, 'src'));
  await writeFile(join(root, 'src/a.ts'), TYPESCRIPT);
  await writeFile(join(root, 'dist/src/a.js'), JAVASCRIPT);
  const map = { version: 3, file: 'a.js', sources: ['../../src/a.ts'], names: [], mappings: MAPPINGS };
  await writeFile(join(root, 'dist/src/a.js.map'), JSON.stringify(map));
  const { lines } = lineCosts(profileOf('dist/src/a.js', 0, [1, 2, 2, 2]), new SourceLines(root));
  assert.deepEqual(lines, [
    { path: 'src/a.ts', line: 4, text: 'slow();', functionName: 'work', self: 75 },
    { path: 'src/a.ts', line: 3, text: 'function work(): void {', functionName: 'work', self: 25 },
  ]);
});

test('counts at the first line of a function what is said to be before it', async (t) => {
  const root = await temporaryDirectory(t);
  const { lines } = lineCosts(profileOf('node_modules/a/a.js', 6, [2, 7]), new SourceLines(root));
  assert.deepEqual(
    lines.map(({ path, line, self }) => [path, line, self]),
    [['node_modules/a/a.js', 7, 100]],
  );
});
