/**
 * Runs every compiled test beside this file, in a process each, and says at the end what could not be checked.
 *
 * Arguments narrow it down: `npm test -- log/ crash` runs the files whose path has one of these in it.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort()
  .map((name) => join(directory, name));
if (files.length === 0) throw new Error(`no test file has ${wanted.join(' or ')} in its path`);

const skipped: string[] = [];
const events = run({ files, concurrency: availableParallelism() });
events.on('test:fail', () => {
  process.exitCode = 1;
});
events.on('test:pass', ({ name, skip, file }) => {
  if (skip === undefined || skip === false) return;
  const why = typeof skip === 'string' ? skip : 'no reason given';
  skipped.push(`${relative(directory, file ?? '')}: ${name}: ${why}`);
});
const report = new PassThrough();
report.pipe(process.stdout);
report.on('end', () => {
  if (skipped.length > 0) process.stdout.write(`\nNot checked here:\n  ${skipped.join('\n  ')}\n`);
});
events.compose(new spec()).pipe(report);
