/** Verdicts as a page of Markdown, for a terminal or the summary of a CI run. */
import { figure } from '../harness/figure.js';
import { tableMarkdown } from '../harness/report-markdown.js';
import type { Table } from '../harness/result.js';
import type { Judged, Judgement } from './judge.js';

/** What a reader looks for first stands first: what failed, then what warns, then what is undecided, then the rest. */
export function summaryMarkdown(judgement: Judgement, about: string): string {
  const { verdict, judged } = judgement;
  const count = (wanted: string): number => judged.filter((item) => item.verdict === wanted).length;
  const warnings = judged.filter(({ verdict: each, warns }) => each === 'pass' && warns).length;
  const sorted = judged.toSorted((a, b) => rank(a) - rank(b));
  return `# Budgets: ${verdict}

${about}

${count('pass')} kept (${warnings} close to their limit), ${count('fail')} broken, ${count('inconclusive')} not decided.

${tableMarkdown(verdictTable(sorted, 'Verdicts'))}
`;
}

function rank({ verdict, warns }: Judged): number {
  if (verdict === 'fail') return 0;
  if (verdict === 'inconclusive') return 2;
  return warns ? 1 : 3;
}

const VERDICT_TEXTS = { pass: 'kept', fail: '**broken**', inconclusive: 'not decided' } as const;

/** A row a budget and case. */
export function verdictTable(judged: readonly Judged[], title: string): Table {
  const rows = judged.map((item) => {
    const { budget, place, value, verdict, warns, why } = item;
    const { limit, warn, fail, unit } = budget;
    const bound = limit === 'at_most' ? 'at most' : 'at least';
    const text = verdict === 'pass' && warns ? 'kept, close to it' : VERDICT_TEXTS[verdict];
    return [
      budget.what,
      place,
      value === undefined ? '–' : `${figure(value)} ${unit}`.trim(),
      `${bound} ${figure(fail)} ${unit}`.trim(),
      figure(warn),
      budget.origin,
      why === '' ? text : `${text}: ${why}`,
    ];
  });
  const head = ['budget', 'case', 'measured', 'limit', 'warns at', 'whose', 'verdict'];
  return { title, head, rows, note: '' };
}
