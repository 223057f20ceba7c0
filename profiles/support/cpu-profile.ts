/**
 * A CPU profile as V8 gives it (`.cpuprofile`, which Chrome DevTools and speedscope open), and how long each of its
 * nodes was at the top of the stack.
 */
import { assert } from '../../src/domain/errors.js';
import { portableUrl } from './portable-url.js';

/** A function; of native ones `url` is empty, `scriptId` is `0` and the line is -1. Lines count from 0. */
export interface CallFrame {
  functionName: string;
  scriptId: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** A place in the call tree. */
export interface ProfileNode {
  id: number;
  callFrame: CallFrame;
  hitCount: number;
  children?: readonly number[];
  /** How many samples found the function at which line; lines count from 1. */
  positionTicks?: readonly { line: number; ticks: number }[];
}

/** Times are in microseconds. */
export interface CpuProfile {
  nodes: readonly ProfileNode[];
  startTime: number;
  endTime: number;
  /** The node that was at the top of the stack, by its id. */
  samples: readonly number[];
  /** From the sample before (the first one: from the start). */
  timeDeltas: readonly number[];
}

/** A frame with the path to it, root first; `self` is its own time in microseconds. */
export interface Stack {
  frames: readonly CallFrame[];
  self: number;
  node: ProfileNode;
}

/** The same profile with paths relative to the repository: those of a machine say nothing to others. */
export function withoutMachinePaths(profile: CpuProfile): CpuProfile {
  const nodes = profile.nodes.map((node) => {
    const { callFrame } = node;
    return { ...node, callFrame: { ...callFrame, url: portableUrl(callFrame.url) } };
  });
  return { ...profile, nodes };
}

/** Microseconds by node. A sample stands for the time until the next one; what came before the first is nobody's. */
export function selfTimes({ samples, timeDeltas, endTime, startTime }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  let now = startTime + (timeDeltas[0] ?? 0);
  for (const [index, id] of samples.entries()) {
    const next = index + 1 < samples.length ? now + (timeDeltas[index + 1] as number) : endTime;
    times.set(id, (times.get(id) ?? 0) + next - now);
    now = next;
  }
  return times;
}

/** Every stack that was seen, once, with the time of its last frame. */
export function stacksOf(profile: CpuProfile): Stack[] {
  const times = selfTimes(profile);
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const [root] = profile.nodes;
  assert(root !== undefined, 'a profile has a root');
  const stacks: Stack[] = [];
  const waiting: { node: ProfileNode; above: readonly CallFrame[] }[] = [{ node: root, above: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const frames = [...next.above, next.node.callFrame];
    const self = times.get(next.node.id) ?? 0;
    if (self !== 0) stacks.push({ frames, self, node: next.node });
    for (const id of next.node.children ?? []) {
      const node = byId.get(id);
      assert(node !== undefined, 'children are nodes of the profile');
      waiting.push({ node, above: frames });
    }
  }
  return stacks;
}
