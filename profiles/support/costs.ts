/** What of a profile's time belongs to whom: by function, by group of code, by stage, and by who could do without it. */

import { groupOf, isIdle, isNative, layerOf, packageOf } from './code-groups.js';
import { type CallFrame, type CpuProfile, type Stack, stacksOf } from './cpu-profile.js';
import { type ProfileStage, stageOf } from './stages.js';

/** Microseconds, or bytes. `self`: at the top of the stack. `total`: anywhere on it, once however often it recurs. */
export interface Cost {
  label: string;
  self: number;
  total: number;
}

export interface Costs {
  /** Of all samples, idle ones too. */
  all: number;
  /** Not idle. */
  busy: number;
  functions: readonly Cost[];
  groups: readonly Cost[];
  stages: readonly Cost[];
  removable: readonly Cost[];
}

/** Natives that an append cannot do without: reading and writing sockets, hashing, parsing. */
const NEEDED_NATIVES = /^(write|read|shutdown|parse|oneShotDigest|update|digest|Hash|utf8|latin1|execute)/i;

/** Splits a profile. With a stage, functions are counted in the stacks of that stage alone. */
export function costsOf(profile: CpuProfile, stage?: ProfileStage): Costs {
  const stacks = stacksOf(profile);
  const busy = stacks.filter(({ frames }) => !isIdle(frames.at(-1) as CallFrame));
  const chosen = stage === undefined ? busy : busy.filter(({ frames }) => stageOf(frames) === stage);
  return {
    all: sum(stacks),
    busy: sum(busy),
    functions: costsBy(chosen, functionLabel),
    groups: costsBy(stacks, groupLabel),
    stages: stageCosts(busy),
    removable: removableCosts(busy),
  };
}

/** Adds up stacks by what `labelOf` says of a frame; `undefined` leaves it out. Largest self time first. */
export function costsBy(
  stacks: readonly Pick<Stack, 'frames' | 'self'>[],
  labelOf: (frame: CallFrame) => string | undefined,
): Cost[] {
  const costs = new Map<string, Cost>();
  const costOf = (label: string): Cost => {
    const known = costs.get(label) ?? { label, self: 0, total: 0 };
    costs.set(label, known);
    return known;
  };
  for (const { frames, self } of stacks) {
    const labels = frames.map(labelOf);
    for (const label of new Set(labels)) if (label !== undefined) costOf(label).total += self;
    const top = labels.at(-1);
    if (top !== undefined) costOf(top).self += self;
  }
  return [...costs.values()].sort((a, b) => b.self - a.self);
}

/** A function with its place: `append (dist/src/log/file-log.js:88)`. Natives have a name only. */
export function functionLabel({ functionName, url, lineNumber, scriptId }: CallFrame): string | undefined {
  if (functionName === '(root)') return undefined;
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url !== '') return `${name} (${url}:${lineNumber + 1})`;
  return scriptId === '0' ? name : `${name} (generated, line ${lineNumber + 1})`;
}

/** The group of a frame; the root is none. */
export const groupLabel = (frame: CallFrame): string | undefined =>
  frame.functionName === '(root)' ? undefined : groupOf(frame);

function stageCosts(stacks: readonly Stack[]): Cost[] {
  const times = new Map<string, number>();
  for (const { frames, self } of stacks) {
    const stage = stageOf(frames) ?? 'no stage';
    times.set(stage, (times.get(stage) ?? 0) + self);
  }
  return [...times].map(([label, self]) => ({ label, self, total: self })).sort((a, b) => b.self - a.self);
}

/**
 * What somebody could do without, by rule: each function of ours or of a package with what it has Node and natives do,
 * without the natives that an append needs. Garbage collection stands for itself: allocating less removes it.
 */
function removableCosts(stacks: readonly Stack[]): Cost[] {
  const times = new Map<string, number>();
  for (const { frames, self } of stacks) {
    const top = frames.at(-1) as CallFrame;
    if (isNative(top) && (NEEDED_NATIVES.test(top.functionName) || top.functionName === '(program)'))
      continue;
    const owner = frames.findLast((frame) => layerOf(frame) !== undefined || packageOf(frame) !== undefined);
    const label = functionLabel(owner ?? top);
    if (label !== undefined) times.set(label, (times.get(label) ?? 0) + self);
  }
  return [...times].map(([label, self]) => ({ label, self, total: self })).sort((a, b) => b.self - a.self);
}

const sum = (stacks: readonly Stack[]): number => stacks.reduce((total, { self }) => total + self, 0);
