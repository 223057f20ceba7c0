/** Writes the report from the results that there are: docs/BENCHMARKS.md and bench/results/report.html. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportHtml } from './report-html.js';
import { type Report, reportMarkdown } from './report-markdown.js';
import { type BenchmarkResult, readResult } from './result.js';

/** The repository, from dist/bench/harness. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const RESULTS = join(ROOT, 'bench', 'results');

export interface ReportPaths {
  /** Where results are, as <name>.json. */
  results: string;
  markdown: string;
  html: string;
}
export const REPORT_PATHS: ReportPaths = {
  results: RESULTS,
  markdown: join(ROOT, 'docs', 'BENCHMARKS.md'),
  html: join(RESULTS, 'report.html'),
};

/** The results of these benchmarks, by name, and which have none. Throws where a file is no result of this version. */
export async function readReport(names: readonly string[], directory: string): Promise<Report> {
  const results: BenchmarkResult[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const result = await readResult(join(directory, `${name}.json`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (result === undefined) missing.push(name);
    else results.push(result);
  }
  return { results, missing };
}

/** Writes both forms anew. */
export async function writeReport(names: readonly string[], paths = REPORT_PATHS): Promise<void> {
  const report = await readReport(names, paths.results);
  for (const [path, text] of [
    [paths.markdown, reportMarkdown(report)],
    [paths.html, reportHtml(report)],
  ] as const) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
