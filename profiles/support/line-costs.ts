/** The time of a CPU profile by line of source. */
import { isIdle, isNative } from './code-groups.js';
import { type CpuProfile, stacksOf } from './cpu-profile.js';
import type { SourceLine, SourceLines } from './source-lines.js';

/** A line, the function that it was run in, and microseconds; natives that a line calls are not in its time. */
export interface LineCost extends SourceLine {
  functionName: string;
  self: number;
}

export interface LineCosts {
  /** Largest first. */
  lines: readonly LineCost[];
  /** Of scripts: what is not native, not garbage collection and not idle. */
  inLines: number;
  /** Not idle. */
  busy: number;
}

/** Splits each node's time by where its samples found it. */
export function lineCosts(profile: CpuProfile, sources: SourceLines): LineCosts {
  const costs = new Map<string, LineCost>();
  let [inLines, busy] = [0, 0];
  for (const { node, self } of stacksOf(profile)) {
    const { callFrame, positionTicks = [] } = node;
    if (isIdle(callFrame)) continue;
    busy += self;
    if (isNative(callFrame)) continue;
    inLines += self;
    const { functionName, url, lineNumber } = callFrame;
    // A function whose samples have no line is counted at its first.
    const ticks = positionTicks.length > 0 ? positionTicks : [{ line: lineNumber + 1, ticks: 1 }];
    const all = ticks.reduce((sum, { ticks: count }) => sum + count, 0);
    for (const { line, ticks: count } of ticks) {
      // Code that was inlined may bear a line of where it comes from; before the function, it is counted at its first.
      const source = sources.at(url, Math.max(line, lineNumber + 1));
      const key = `${source.path}:${source.line} ${functionName}`;
      const cost = costs.get(key) ?? { ...source, functionName, self: 0 };
      cost.self += (self * count) / all;
      costs.set(key, cost);
    }
  }
  return { lines: [...costs.values()].sort((a, b) => b.self - a.self), inLines, busy };
}
