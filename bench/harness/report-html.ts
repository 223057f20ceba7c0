/**
 * The report as one HTML file: no script, nothing from elsewhere, so it opens from a disk without a network. It follows
 * the reader's choice of light or dark, and the width of the screen; beside each chart are its figures as a table.
 */
import { COLOURS, chartSvg, shortNumber } from './chart-svg.js';
import { escapeHtml } from './escape-html.js';
import type { Report } from './report-markdown.js';
import { caseTables, checksTable, doubtfulCases, surroundingsTable } from './report-tables.js';
import type { BenchmarkResult, Chart, Table } from './result.js';

/** Colours that differ also for those who see few (Okabe and Ito), and in the dark. */
const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#a05195', '#8a6d00', '#3a6f8f', '#7a7a7a', '#b5003c'];
const DARK = ['#56b4e9', '#ff9d5c', '#3ddc9e', '#e39ad6', '#f0e442', '#9ecae1', '#c4c4c4', '#ff7f9f'];

const colours = (values: readonly string[]): string =>
  values.map((value, index) => `--c${index}:${value}`).join(';');
const colourRules = Array.from({ length: COLOURS }, (_, index) => {
  return `.fill.c${index},.key.c${index}{fill:var(--c${index});background:var(--c${index})}.stroke.c${index}{stroke:var(--c${index})}`;
}).join('');

const STYLE = `
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#59636e;--line:#d5dae0;--card:#f6f8fa;--bad:#b3261e;${colours(LIGHT)}}
@media (prefers-color-scheme:dark){:root{--back:#12161b;--text:#e6e9ed;--soft:#9aa5b1;--line:#333b45;--card:#1a2027;--bad:#ff8a80;${colours(DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main,header,nav{max-width:70rem;margin:0 auto;padding:0 1rem}
h1{margin:1.5rem 0 .5rem}h2{margin:3rem 0 .25rem;border-top:1px solid var(--line);padding-top:1.5rem}
h3{font-size:1rem;margin:1.75rem 0 .5rem}
.question{font-size:1.125rem;margin:.25rem 0 1rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none}
a{color:var(--c0)}
.bad{color:var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1rem}
figure{margin:0;padding:.75rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;min-width:0}
figcaption{font-weight:600;margin-bottom:.5rem}
svg{width:100%;height:auto;display:block;overflow:visible}
.keys{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;margin:.5rem 0;list-style:none;font-size:.875rem}
.key{display:inline-block;width:.75rem;height:.75rem;margin-right:.375rem;border-radius:2px}
.grid{stroke:var(--line)}.tick{fill:var(--soft);font-size:12px}.label{fill:var(--text);font-size:13px}
.stroke{fill:none;stroke-width:2}.whisker{stroke:var(--text);stroke-width:1.5}
${colourRules}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem}
table{border-collapse:collapse;font-size:.875rem;width:100%}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:8rem}
tbody tr:last-child>*{border-bottom:0}thead th{background:var(--card);white-space:normal;min-width:4.5rem;vertical-align:bottom}
td.word{text-align:left}td.text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:12rem}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--soft)}
.note{color:var(--soft);font-size:.875rem;margin:.375rem 0}
code{font-size:.9em}
`;

/** The whole page. */
export function reportHtml({ results, missing }: Report): string {
  const links = results.map(
    ({ benchmark, title }) => `<li><a href="#${benchmark}">${escapeHtml(title)}</a></li>`,
  );
  const missed = missing.map(
    (name) => `<li>Not run yet: <code>npm run bench:${escapeHtml(name)}</code></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fi-consult: benchmarks</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header><h1>fi-consult: benchmarks</h1>
<p>Made by <code>npm run bench</code>. Latencies are in microseconds; at a fixed rate they are from when a request was due. Figures
marked invalid must not be quoted. What was synced and what was not is never in one column.</p></header>
<nav aria-label="Benchmarks"><ul>${links.join('')}</ul></nav>
<main>${results.map(section).join('')}${missed.length > 0 ? `<ul>${missed.join('')}</ul>` : ''}</main>
</body>
</html>
`;
}

function section(result: BenchmarkResult): string {
  const { benchmark, title, question, findings, charts, tables } = result;
  const doubtful = doubtfulCases(result);
  const checks = checksTable(result);
  return `<section aria-labelledby="${benchmark}"><h2 id="${benchmark}">${escapeHtml(title)}</h2>
<p class="question">${escapeHtml(question)}</p>
<ul>${findings.map((finding) => `<li>${inline(finding)}</li>`).join('')}${doubtful
    .map((text) => `<li class="bad"><strong>Not to be quoted:</strong> ${inline(text)}</li>`)
    .join('')}</ul>
${charts.length > 0 ? `<div class="charts">${charts.map(figureOf).join('')}</div>` : ''}
${checks === undefined ? '' : tableHtml(checks)}
${[...tables, ...caseTables(result)].map(tableHtml).join('')}
<details><summary>The run: commit, machine, calibration</summary>${tableHtml(surroundingsTable(result))}</details>
</section>`;
}

function figureOf(chart: Chart): string {
  const svg = chartSvg(chart);
  if (svg === '') return '';
  const keys = chart.series.map(({ name }, index) => {
    return `<li><span class="key c${index % COLOURS}"></span>${escapeHtml(name)}</li>`;
  });
  return `<figure><figcaption>${escapeHtml(chart.title)}</figcaption>${svg}<ul class="keys">${keys.join('')}</ul>
<details><summary>Figures</summary>${tableHtml(chartTable(chart))}</details></figure>`;
}

/** The figures of a chart, a column a series. */
function chartTable({ x, y, series }: Chart): Table {
  const xs = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))];
  const rows = xs.map((at) => {
    const cells = series.map(({ points }) => {
      const point = points.find((one) => one.x === at);
      return point === undefined ? '–' : shortNumber(point.y);
    });
    return [typeof at === 'number' ? shortNumber(at) : at, ...cells];
  });
  return {
    title: '',
    head: [x.label, ...series.map(({ name }) => name)],
    rows,
    note: `${y.label}${y.unit === '' ? '' : `, ${y.unit}`}`,
  };
}

function tableHtml({ title, head, rows, note }: Table): string {
  const row = (cells: readonly string[]): string =>
    `<tr>${cells.map((cell, index) => (index === 0 ? `<th scope="row">${inline(cell)}</th>` : `<td${classOf(cell)}>${inline(cell)}</td>`)).join('')}</tr>`;
  // A table of two columns without heads is a list of names and values.
  const heads = head.every((cell) => cell === '')
    ? ''
    : `<thead><tr>${head.map((cell) => `<th scope="col">${inline(cell)}</th>`).join('')}</tr></thead>`;
  return `${title === '' ? '' : `<h3>${escapeHtml(title)}</h3>`}
<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title || 'figures')}"><table>${heads}<tbody>${rows.map(row).join('')}</tbody></table></div>${note === '' ? '' : `<p class="note">${inline(note)}</p>`}`;
}

/** A sentence may wrap, a word may not, and both stand to the left; a figure stands to the right. */
function classOf(cell: string): string {
  if (cell.length > 28) return ' class="text"';
  return /\d|–/.test(cell) ? '' : ' class="word"';
}

/** The Markdown that findings and cells may have: code and bold. */
function inline(text: string): string {
  return escapeHtml(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
}
