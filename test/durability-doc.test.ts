/** docs/durability.md names a test for every row, and every test that it names is there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TITLE = /\b(?:it|test)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** The names of a file's tests; what a template puts in is shown as an ellipsis. */
function titlesOf(file: string): Set<string> {
  const path = join(ROOT, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return new Set([...text.matchAll(TITLE)].map(([, , title = '']) => title.replace(/\$\{[^}]*\}/g, '…')));
}

/** The last cells of the rows of all tables that say what shows them. */
function claims(): string[] {
  const lines = readFileSync(join(ROOT, 'docs', 'durability.md'), 'utf8').split('\n');
  const cells: string[] = [];
  let isInTable = false;
  for (const line of lines) {
    if (/\| shown by \|$/.test(line)) isInTable = true;
    else if (!line.startsWith('|')) isInTable = false;
    else if (isInTable && !line.startsWith('| --- ')) cells.push(line.split('|').at(-2) ?? '');
  }
  return cells;
}

/** The tests that a cell names: `file`: "name", "name"; `file`: "name". */
function testsOf(cell: string): { file: string; title: string }[] {
  return [...cell.matchAll(/`(test\/[^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}

describe('docs/durability.md', () => {
  it('names a test for every row', () => {
    const rows = claims();
    assert.ok(rows.length > 30, `${rows.length} rows`);
    assert.deepEqual(
      rows.filter((cell) => testsOf(cell).length === 0),
      [],
    );
  });

  it('names no test that is not there', () => {
    const missing = claims()
      .flatMap(testsOf)
      .filter(({ file, title }) => !titlesOf(file).has(title));
    assert.deepEqual(missing, []);
  });
});
