/** Verdicts as JUnit XML, which every CI system shows as tests: a budget that nobody could decide is a skipped one. */
import type { Judged, Judgement } from './judge.js';

/** The document. One suite a benchmark; a failure names the limit, the measured value and the owner. */
export function junitXml({ judged }: Judgement): string {
  const names = [...new Set(judged.map(({ budget }) => budget.of.benchmark))];
  const suites = names.map((name) => {
    const members = judged.filter(({ budget }) => budget.of.benchmark === name);
    return `  <testsuite name="${escapeXml(name)}" ${counts(members)}>\n${members.map(testCase).join('\n')}\n  </testsuite>`;
  });
  const head = '<?xml version="1.0" encoding="UTF-8"?>';
  return `${head}\n<testsuites name="budgets" ${counts(judged)}>\n${suites.join('\n')}\n</testsuites>\n`;
}

function counts(judged: readonly Judged[]): string {
  const count = (wanted: string): number => judged.filter(({ verdict }) => verdict === wanted).length;
  return `tests="${judged.length}" failures="${count('fail')}" errors="0" skipped="${count('inconclusive')}"`;
}

function testCase(item: Judged): string {
  const { budget, place, verdict, warns, why } = item;
  const open = `    <testcase classname="${escapeXml(budget.of.benchmark)}" name="${escapeXml(`${budget.id}: ${place}`)}"`;
  if (verdict === 'inconclusive')
    return `${open}><skipped message="${escapeXml(why || 'not decided')}"/></testcase>`;
  if (verdict === 'fail') return `${open}><failure message="${escapeXml(sentenceOf(item))}"/></testcase>`;
  if (warns) return `${open}><system-out>${escapeXml(sentenceOf(item))}</system-out></testcase>`;
  return `${open}/>`;
}

/** What was measured, beside what is allowed, and whom to ask. */
export function sentenceOf({ budget, place, value }: Judged): string {
  const { what, limit, warn, fail, unit, owner } = budget;
  const figure = (number: number): string => `${Number(number.toPrecision(4))} ${unit}`.trim();
  const measured = value === undefined ? 'not measured' : figure(value);
  const bound = limit === 'at_most' ? 'at most' : 'at least';
  return `${what} (${place}): ${measured}; ${bound} ${figure(fail)}, warns at ${figure(warn)}; ${owner} answers for it`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escapeXml(text: string): string {
  return (
    text
      // XML 1.0 has no way to write most control characters.
      .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
  );
}
