/** Whose code a frame is, told by its place: a layer of ours, a package, Node, the machine below. */
import type { CallFrame } from './cpu-profile.js';

/** What V8 calls that which is no function. */
const PSEUDO: ReadonlyMap<string, string> = new Map([
  ['(root)', 'the whole profile'],
  ['(idle)', 'idle'],
  ['(program)', 'native: no name'],
  ['(garbage collector)', 'garbage collection'],
]);
/** Fastify, and what it is made of. */
const FRAMEWORK = new Set(['fastify', 'find-my-way', 'fast-json-stringify', 'secure-json-parse', 'avvio']);
const NATIVE_WRITES = /^(write|shutdown)/;
/** Folders and names of Node's own modules, by what they do. */
const NODE_PARTS: readonly (readonly [part: string, modules: RegExp])[] = [
  ['node: http', /^node:(_http|http|internal\/http)/],
  ['node: sockets and streams', /^node:(net|stream|internal\/(stream|js_stream|net)|_stream|events|buffer)/],
  ['node: event loop', /^node:internal\/(timers|process|async_hooks|promise_hooks|abort|event_target)/],
];

/** Frames of idle time cost nothing. */
export const isIdle = (frame: CallFrame): boolean => frame.url === '' && frame.functionName === '(idle)';
/** Native code has no script; code that was made at run time has one without a name. */
export const isNative = ({ url, scriptId }: CallFrame): boolean => url === '' && scriptId === '0';

/** The package of a frame, if it is one of `node_modules`. */
export function packageOf({ url }: CallFrame): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
}

/** A layer of ours, such as `src/http`, if the frame is in one. */
export function layerOf({ url }: CallFrame): string | undefined {
  const [, top, folder] = /^dist\/(src|bench|profiles|test)\/(?:([^/]+)\/)?/.exec(url) ?? [];
  return top === undefined ? undefined : [top, folder].filter((part) => part !== undefined).join('/');
}

/** The one group that a frame belongs to. */
export function groupOf(frame: CallFrame): string {
  const { url, functionName } = frame;
  if (isNative(frame)) {
    return (
      PSEUDO.get(functionName) ?? (NATIVE_WRITES.test(functionName) ? 'native: writes' : 'native: other')
    );
  }
  if (url === '') return 'generated: validators, serialisers';
  if (url.startsWith('node:'))
    return NODE_PARTS.find(([, modules]) => modules.test(url))?.[0] ?? 'node: other';
  const name = packageOf(frame);
  if (name !== undefined) {
    return FRAMEWORK.has(name) || name.startsWith('@fastify/') ? 'http framework' : `package ${name}`;
  }
  return layerOf(frame) ?? 'other';
}
