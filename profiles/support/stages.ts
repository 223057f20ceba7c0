/**
 * Which stage of the latency budget a stack works for, by the functions that time these stages
 * (src/store/append-plan.ts, src/store/appender.ts). Processor time only: a stage also waits, for the disk above all.
 */
import type { CallFrame } from './cpu-profile.js';

export const PROFILE_STAGES = ['ingest', 'segment', 'hash', 'persist'] as const;
export type ProfileStage = (typeof PROFILE_STAGES)[number];

const PLAN = 'dist/src/store/append-plan.js';
/** Where events are committed: now, and in the profiles of the baseline. */
const COMMIT: readonly string[] = ['dist/src/store/appender.js', 'dist/src/store/local-event-store.js'];
/** `hash` is inside of `segment`'s function, hence first. What is not the store's is HTTP's: parsing, validating, answering. */
const RULES: readonly (readonly [stage: ProfileStage, isOf: (frame: CallFrame) => boolean])[] = [
  ['hash', ({ url, functionName }) => url === PLAN && functionName === 'encode'],
  ['segment', ({ url }) => url === PLAN],
  [
    'persist',
    ({ url, functionName }) =>
      url.startsWith('dist/src/log/') || (COMMIT.includes(url) && functionName === 'commit'),
  ],
  [
    'ingest',
    ({ url }) => /^dist\/src\/http\/|node_modules\/fastify\/|^node:(_http|internal\/http)/.test(url),
  ],
];

/** The stage of a stack; `undefined` for what serves all: garbage collection, the event loop, followers. */
export function stageOf(frames: readonly CallFrame[]): ProfileStage | undefined {
  return RULES.find(([, isOf]) => frames.some(isOf))?.[0];
}
