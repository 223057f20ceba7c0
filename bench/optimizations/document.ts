/** docs/OPTIMIZATION_RESULTS.md, from the optimisations that were recorded. */
import { tableMarkdown } from '../harness/report-markdown.js';
import type { ComparedTime, Optimization } from './entry.js';

/** The whole document. */
export function optimizationsDocument(optimizations: readonly Optimization[]): string {
  const sections = optimizations.map(section);
  const body = sections.length === 0 ? ['None was recorded yet.\n'] : sections;
  return `# Optimization results

What each optimisation brought. Made by \`npm run bench:record\` from \`bench/results/optimizations.json\`; do not edit. Where the time
went before them is in [PROFILING_BASELINE](PROFILING_BASELINE.md).

A comparison runs the service of the commit before and that of the commit after in turn, on the same machine at the same
time, so that its ratios hold where times do not. An interval is the one that the comparison decides by ([decision
21](decisions/0021-verdicts.md)): for all figures and looks of a comparison together it is wrong once in a hundred times. It is wide, since
a comparison ends as soon as it is sure that nothing became worse. To record another one, on the commit after:

\`\`\`sh
npm run bench:compare -- --base COMMIT_BEFORE
npm run bench:record -- --title "What it is" --change "What was changed, and why it should help."
\`\`\`

With \`--base-node EXECUTABLE\` the base runs under another Node; with \`--base HEAD\` as well, only Node differs.

${body.join('\n')}`;
}

function section(optimization: Optimization, index: number): string {
  const { title, change, before, after, measured_at, command, machine, times } = optimization;
  const rows = times.map((time) => [
    time.name,
    time.ratio.toFixed(3),
    `${time.low.toFixed(3)} to ${time.high.toFixed(3)}`,
    String(time.samples),
    verdictOf(time),
  ]);
  const table = tableMarkdown({
    title: 'Times, after over before',
    head: ['time', 'ratio', 'interval', 'samples', ''],
    rows,
    note: '',
  });
  return `## ${index + 1}. ${title}

${change}

- From \`${before}\` to \`${after}\`, measured ${measured_at} by \`${command}\`
- ${machine.cores} × ${machine.cpu}, ${machine.kernel}, Node ${machine.node}

${table}
`;
}

/** What an interval says. */
function verdictOf({ low, high }: ComparedTime): string {
  if (high < 1) return 'faster';
  return low > 1 ? 'slower' : 'no difference shown';
}
