/**
 * Runs `fi-consult torture` with the options that are given, and writes bench/results/torture.json and its section
 * of docs/RESILIENCE.md. Exit code 1 if a promise was broken.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { writeResult } from './resilience/page.js';
import { type TortureReport, tortureRows } from './resilience/torture-rows.js';
import { surroundings } from './support/surroundings-text.js';

const PROGRAM = fileURLToPath(new URL('../src/cli/fi-consult.js', import.meta.url));

const around = surroundings();
const args = process.argv.slice(2);
const child = spawn(process.execPath, [PROGRAM, 'torture', '--json', ...args], {
  env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
process.exitCode = exitCode ?? 1;
const report = stdout.startsWith('{') ? (JSON.parse(stdout) as TortureReport) : undefined;
// One that was stopped says nothing of its length.
if (report !== undefined && !report.stopped_early) {
  await writeResult('torture', {
    command: ['npm run torture', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    surroundings: around,
    passed: report.passed,
    rows: tortureRows(report),
    report,
  });
}
