/** docs/BENCHMARKS.md, from results: every figure in it comes from the run that it names. */
import { caseTables, checksTable, doubtfulCases, surroundingsTable } from './report-tables.js';
import type { BenchmarkResult, Table } from './result.js';

/** Benchmarks in the order of the report, by name, and those that were not run yet. */
export interface Report {
  results: readonly BenchmarkResult[];
  missing: readonly string[];
}

/** The whole document. */
export function reportMarkdown({ results, missing }: Report): string {
  const missed = missing.map((name) => `Not run yet: \`npm run bench:${name}\`.\n`);
  return `# Benchmarks

Made by \`npm run bench\`; do not edit. The same with charts is \`bench/results/report.html\`; the results themselves, with every
histogram, are beside it as JSON ([schema](../bench/results/result.schema.json)).

Latencies are in HdrHistogram, in microseconds. At a fixed rate they are from when a request was due, with those from when
it was sent beside them. Figures marked invalid must not be quoted. What was synced and what was not is never in one
column. Client and service share the machine.

${[...results.map(section), ...missed].join('\n')}`;
}

function section(result: BenchmarkResult): string {
  const { title, question, findings, tables } = result;
  const doubtful = doubtfulCases(result);
  const checks = checksTable(result);
  const all = [
    ...(checks === undefined ? [] : [checks]),
    ...tables,
    ...caseTables(result),
    surroundingsTable(result),
  ];
  return [
    `## ${title}`,
    `**${question}**`,
    findings.map((finding) => `- ${finding}`).join('\n'),
    ...(doubtful.length > 0
      ? [doubtful.map((text) => `- **Not to be quoted:** ${oneLine(text)}`).join('\n')]
      : []),
    ...all.map(tableMarkdown),
    '',
  ].join('\n\n');
}

/** A table in Markdown, under its title. */
export function tableMarkdown({ title, head, rows, note }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const lines = [line(head), line(head.map(() => '---')), ...rows.map(line)];
  return [`### ${title}`, '', ...lines, ...(note === '' ? [] : ['', note])].join('\n');
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
