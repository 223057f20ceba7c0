/** Times the steps of payload-path.ts on real events, and counts what each copies. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseContext, CaseOutcome, Size } from '../harness/benchmark.js';
import { postRequest } from '../harness/http-connection.js';
import { medianOf, scalar } from '../harness/measures.js';
import type { Measure } from '../harness/result.js';
import { type Contestant, type ContestOptions, contest } from './contest.js';
import { appendDocuments } from './documents.js';
import { type Passage, passageOf, STEPS, type Step } from './payload-path.js';

const OPTIONS: Readonly<Record<Size, ContestOptions>> = {
  smoke: { rounds: 2, sliceMs: 3 },
  full: { rounds: 5, sliceMs: 150 },
};
/** As long as the paths of all consultations are. */
const PATH = '/consultations/01890a5d-ac96-774b-bcce-b302099a8057/events';

/** A row for each step of messages, in the order of the steps. */
export async function payloadPath(context: CaseContext): Promise<CaseOutcome[]> {
  const [messages] = await appendDocuments(context);
  const fd = openSync(join(context.directory, 'blocks'), 'w');
  try {
    const passages = (messages?.texts ?? []).map((text) => {
      const headBytes = postRequest(PATH, text).length - Buffer.byteLength(text);
      return passageOf(text, headBytes, fd);
    });
    return STEPS.map((step, index) => {
      context.progress(index / STEPS.length, step.name);
      return {
        name: `path ${String(index + 1).padStart(2, '0')}, ${step.name}`,
        parameters: { what: 'path', step: step.name, copies: step.copies },
        durability: 'memory',
        invalid: [],
        measures: stepMeasures(step, passages, OPTIONS[context.size]),
      };
    });
  } finally {
    closeSync(fd);
  }
}

function stepMeasures(
  step: Step,
  passages: readonly Passage[],
  options: ContestOptions,
): Record<string, Measure> {
  const mean = (of: (passage: Passage) => number): number =>
    passages.reduce((sum, passage) => sum + of(passage), 0) / passages.length;
  const forms: Contestant<Passage>[] = [
    ...(step.run ? [{ name: 'present', run: step.run }] : []),
    ...(step.plain ? [{ name: 'plain', run: step.plain.run }] : []),
  ];
  const times = contest(forms, passages, options);
  const time = (form: string): Record<string, Measure> => {
    const rounds = times.get(form);
    if (rounds === undefined) return {};
    const perEvent = rounds.map((us) => us / (step.events ?? 1));
    return { [form === 'plain' ? 'plain_time' : 'time']: medianOf(perEvent, 'us', 'lower') };
  };
  return {
    copied: scalar(mean(step.copied), 'B', 'lower'),
    ...time('present'),
    ...(step.plain && { plain_copied: scalar(mean(step.plain.copied), 'B', 'lower') }),
    ...time('plain'),
    body: scalar(
      mean(({ body }) => body.length),
      'B',
    ),
  };
}
