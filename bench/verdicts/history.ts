/** One line for each check: bench/results/history.ndjson, from which anybody can plot how a figure went. */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Size } from '../harness/benchmark.js';
import { RESULTS } from '../harness/report.js';
import type { Surroundings } from '../harness/result.js';
import { commitText, machineLine } from '../harness/surroundings.js';
import type { Judgement } from './judge.js';

export const HISTORY_PATH = join(RESULTS, 'history.ndjson');

/** The line, without its end. Figures are in the units of their budgets; what was not measured is left out. */
export function historyLine({ verdict, judged }: Judgement, size: Size, around: Surroundings): string {
  const figures = judged.flatMap(({ budget, place, value, verdict: each }) =>
    value === undefined ? [] : [{ budget: budget.id, case: place, value, unit: budget.unit, verdict: each }],
  );
  return JSON.stringify({
    checked_at: around.started_at,
    commit: commitText(around),
    machine: machineLine(around),
    node: around.machine.node,
    size,
    verdict,
    figures,
  });
}

/** Adds a line to a file, with its folder. */
export async function addToHistory(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${line}\n`);
}
