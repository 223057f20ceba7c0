/**
 * A sampled profile of allocations as V8 gives it (`.heapprofile`, which Chrome DevTools and speedscope open): a tree of
 * functions, with the bytes that each allocated.
 */
import type { CallFrame } from './cpu-profile.js';
import { portableUrl } from './portable-url.js';

export interface HeapNode {
  callFrame: CallFrame;
  /** Bytes that this function allocated itself, as estimated from samples. */
  selfSize: number;
  id: number;
  children: readonly HeapNode[];
}

export interface HeapProfile {
  head: HeapNode;
  samples: readonly { size: number; nodeId: number; ordinal: number }[];
}

/** The same profile with paths relative to the repository. */
export function withoutMachinePaths({ head, samples }: HeapProfile): HeapProfile {
  const portable = (node: HeapNode): HeapNode => {
    const { callFrame, children } = node;
    const url = portableUrl(callFrame.url);
    return { ...node, callFrame: { ...callFrame, url }, children: children.map(portable) };
  };
  return { head: portable(head), samples };
}

/** Every stack that allocated, root first, with the bytes of its last frame. */
export function allocationsOf({ head }: HeapProfile): { frames: CallFrame[]; self: number }[] {
  const below = (node: HeapNode, above: readonly CallFrame[]): ReturnType<typeof allocationsOf> => {
    const frames = [...above, node.callFrame];
    const own = node.selfSize === 0 ? [] : [{ frames, self: node.selfSize }];
    return [...own, ...node.children.flatMap((child) => below(child, frames))];
  };
  return below(head, []);
}
