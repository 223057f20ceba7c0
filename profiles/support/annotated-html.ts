/** Files of ours with the time beside each of their lines, as one page that needs nothing but itself. */
import { escapeHtml } from '../../bench/harness/escape-html.js';
import { figure } from '../../bench/harness/figure.js';
import type { LineCost } from './line-costs.js';
import type { SourceLines } from './source-lines.js';

/** Files that took less than this share of the time of all lines are left out. */
const SHARE_MIN = 0.002;
const STYLE = `body{font:14px system-ui,sans-serif;margin:1.5em;background:#fff;color:#222}summary{cursor:pointer;padding:.2em 0}
table{border-collapse:collapse;font:12px ui-monospace,monospace}td{padding:0 .6em;white-space:pre}td.n{text-align:right;color:#777}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}}`;

interface AnnotatedFile {
  path: string;
  self: number;
  byLine: Map<number, number>;
}

/** Microseconds a request beside the lines, by the factor `each`, or milliseconds where requests were not counted. */
export function annotatedHtml(costs: readonly LineCost[], each: number | null, sources: SourceLines): string {
  const [factor, unit] = each === null ? [1e-3, 'ms'] : [each, 'µs/request'];
  const all = costs.reduce((sum, { self }) => sum + self, 0);
  const files = filesOf(costs).filter(({ self }) => self / all >= SHARE_MIN);
  const sections = files.map((file) => {
    const title = `${escapeHtml(file.path)}: ${figure(file.self * factor)} ${unit}`;
    return `<details><summary>${title}</summary><table>${rowsOf(file, factor, sources)}</table></details>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Time by line</title><style>${STYLE}</style>
<h1>Time by line, in ${unit}</h1><p>Self time of lines; natives that they call are not in it.</p>
${sections.join('\n')}
</html>
`;
}

function filesOf(costs: readonly LineCost[]): AnnotatedFile[] {
  const files = new Map<string, AnnotatedFile>();
  for (const { path, line, self } of costs) {
    if (!/^(src|bench|profiles|test)\/.*\.ts$/.test(path)) continue;
    const file = files.get(path) ?? { path, self: 0, byLine: new Map<number, number>() };
    files.set(path, file);
    file.self += self;
    file.byLine.set(line, (file.byLine.get(line) ?? 0) + self);
  }
  return [...files.values()].sort((first, second) => second.self - first.self);
}

function rowsOf({ path, byLine }: AnnotatedFile, factor: number, sources: SourceLines): string {
  const most = Math.max(...byLine.values());
  return sources
    .linesOf(path)
    .map((text, index) => {
      const time = byLine.get(index + 1);
      const heat = time === undefined ? '' : ` style="background:rgba(230,80,0,${(time / most).toFixed(2)})"`;
      const shown = time === undefined ? '' : figure(time * factor);
      return `<tr${heat}><td class="n">${shown}</td><td class="n">${index + 1}</td><td>${escapeHtml(text)}</td></tr>`;
    })
    .join('');
}
