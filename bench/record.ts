/**
 * `npm run bench:record`: records the last comparison as an optimisation, in bench/results/optimizations.json, and writes
 * docs/OPTIMIZATION_RESULTS.md anew.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { RESULTS, ROOT } from './harness/report.js';
import { readResult } from './harness/result.js';
import { optimizationsDocument } from './optimizations/document.js';
import { OPTIMIZATIONS_PATH, optimizationOf, readOptimizations } from './optimizations/entry.js';

interface Flags {
  title?: string;
  change?: string;
  result: string;
  list: string;
  document: string;
  documentOnly?: true;
}

async function record({ title, change, result, list, document, documentOnly }: Flags): Promise<string> {
  const recorded = await readOptimizations(list);
  if (!documentOnly) {
    if (title === undefined || change === undefined) throw new Error('say what it is: --title and --change');
    recorded.push(optimizationOf(await readResult(result), { title, change }));
    await writeFile(list, `${JSON.stringify(recorded, null, 1)}\n`);
  }
  await writeFile(document, optimizationsDocument(recorded));
  return document;
}

const flags = new Command('bench:record')
  .description('Records a comparison as an optimisation, and writes docs/OPTIMIZATION_RESULTS.md.')
  .option('--title <text>', 'a few words')
  .option('--change <text>', 'a sentence: what was changed, and why it should help')
  .option('--result <file>', 'of npm run bench:compare', join(RESULTS, 'compare.json'))
  .option('--list <file>', 'where optimisations are kept', OPTIMIZATIONS_PATH)
  .option('--document <file>', 'the page', join(ROOT, 'docs', 'OPTIMIZATION_RESULTS.md'))
  .option('--document-only', 'write the page from what was recorded')
  .parse()
  .opts<Flags>();
try {
  process.stdout.write(`${await record(flags)}\n`);
} catch (error) {
  process.stderr.write(`bench:record: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
