/**
 * Where the processor's time goes, by line: a V8 profile mapped through the source maps to TypeScript (`lines.md`), and every file of
 * ours with the time beside each of its lines (`annotated.html`). `lines.json` has the longest ones for programs.
 */
import { figure } from '../bench/harness/figure.js';
import type { Table } from '../bench/harness/result.js';
import { annotatedHtml } from './support/annotated-html.js';
import { captureCpu, cpuSampling } from './support/capture-cpu.js';
import { profileHead, profilePage } from './support/cost-tables.js';
import type { CpuProfile } from './support/cpu-profile.js';
import { type LineCosts, lineCosts } from './support/line-costs.js';
import { runAsMain } from './support/run-as-main.js';
import type { MetaSoFar, ProfileKind } from './support/run-profile.js';
import { perRequest } from './support/scheduling.js';
import { SourceLines } from './support/source-lines.js';

const LINES_SHOWN = 30;
const TEXT_MAX = 80;
/** In `lines.json`, with their text: the sources will be others when somebody looks at it. */
const LINES_KEPT = 300;

export const linesProfile: ProfileKind<CpuProfile> = {
  kind: 'lines',
  title: 'Time of the service by line of source',
  sampling: cpuSampling,
  capture: captureCpu,
  files(profile, meta) {
    const sources = new SourceLines();
    const costs = lineCosts(profile, sources);
    const share = ((100 * costs.inLines) / costs.busy).toFixed(0);
    const facts = [
      `${share} % of what the main thread worked was in lines; the rest in natives, garbage collection and the kernel`,
    ];
    const head = profileHead('Time by line', meta, facts);
    return {
      'profile.cpuprofile': JSON.stringify(profile),
      'lines.md': profilePage(head, lineTables(costs, meta)),
      'lines.json': `${JSON.stringify({ ...costs, lines: costs.lines.slice(0, LINES_KEPT) }, null, 1)}\n`,
      'annotated.html': annotatedHtml(costs.lines, perRequest(costs.busy, meta), sources),
    };
  },
};

/** The lines that took longest: of ours, and of all code. */
export function lineTables(
  { lines, busy }: LineCosts,
  meta: Pick<MetaSoFar, 'requests' | 'scheduling'>,
): Table[] {
  const each = perRequest(busy, meta);
  const table = (title: string, shown: LineCosts['lines']): Table => ({
    title,
    head: ['line', 'function', 'source', ...(each !== null ? ['µs/request'] : []), 'ms', '%'],
    rows: shown.map(({ path, line, functionName, text, self }) => [
      `${path}:${line}`,
      functionName === '' ? '(anonymous)' : functionName,
      text === '' ? '' : `\`${text.slice(0, TEXT_MAX).replaceAll('`', "'")}\``,
      ...(each !== null ? [figure(self * each)] : []),
      figure(self / 1000),
      ((100 * self) / busy).toFixed(2),
    ]),
    note: '',
  });
  const ours = lines.filter(({ path }) => path.endsWith('.ts') && !path.includes('node_modules'));
  return [
    table('Lines of ours', ours.slice(0, LINES_SHOWN)),
    table('Lines of all code', lines.slice(0, LINES_SHOWN)),
  ];
}

await runAsMain(import.meta.url, linesProfile);
