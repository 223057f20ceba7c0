/**
 * A flame graph as a picture: every stack of a CPU profile, widest where most of the time went, root at the bottom.
 *
 * It needs no script and no network, so that it can stand in a document. What is too narrow to be seen is left out;
 * `flamegraph.html`, which 0x makes, has everything and zooms. Idea: Brendan Gregg, "The Flame Graph", CACM 59(6), 2016.
 */
import { escapeHtml } from '../../bench/harness/escape-html.js';
import { groupOf, isIdle } from './code-groups.js';
import { type CallFrame, type CpuProfile, stacksOf } from './cpu-profile.js';

const WIDTH = 1200;
const ROW = 16;
const HEAD = 26;
const WIDTH_MIN = 1;
/** Of the letters, so that a name that does not fit is cut. */
const LETTER_WIDTH = 6.4;
/** One for each kind of code, by the first letters of its group. */
const COLOURS: readonly (readonly [prefix: string, colour: string])[] = [
  ['src/http', '#f0a35e'],
  ['src/store', '#e6735c'],
  ['src/log', '#d9534f'],
  ['src/', '#eeb87a'],
  ['http framework', '#8fbf7f'],
  ['package', '#a9cf9a'],
  ['generated', '#c5dea8'],
  ['node', '#8fb8de'],
  ['native', '#b9a7d6'],
  ['garbage', '#c9c9c9'],
];

interface Flame {
  frame: CallFrame;
  time: number;
  children: Map<string, Flame>;
}

interface Box {
  flame: Flame;
  depth: number;
  left: number;
  width: number;
}

/** The SVG file. Idle time is not in it. */
export function flameSvg(profile: CpuProfile, title: string): string {
  const root = flames(profile);
  const boxes = boxesOf(root);
  const deepest = Math.max(...boxes.map(({ depth }) => depth));
  const height = HEAD + (deepest + 1) * ROW + 6;
  const drawn = boxes.map((box) => drawnBox(box, root.time, height));
  const style =
    '<style>text{font:11px monospace;fill:#222}.t{font:14px sans-serif}rect{stroke:#fff;stroke-width:.5}</style>';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${style}<rect width="${WIDTH}" height="${height}" fill="#fff"/><text class="t" x="8" y="18">${escapeHtml(title)}</text>
${drawn.join('\n')}
</svg>
`;
}

function flames(profile: CpuProfile): Flame {
  const [first] = profile.nodes;
  const root: Flame = { frame: (first as { callFrame: CallFrame }).callFrame, time: 0, children: new Map() };
  for (const { frames, self } of stacksOf(profile)) {
    if (isIdle(frames.at(-1) as CallFrame)) continue;
    root.time += self;
    let at = root;
    for (const frame of frames.slice(1)) {
      const key = `${frame.functionName} ${frame.url}:${frame.lineNumber}`;
      const child = at.children.get(key) ?? { frame, time: 0, children: new Map() };
      at.children.set(key, child);
      child.time += self;
      at = child;
    }
  }
  return root;
}

/** By name from left to right, so that two pictures can be laid beside each other. */
function boxesOf(root: Flame): Box[] {
  const boxes: Box[] = [];
  const scale = WIDTH / root.time;
  const waiting: Box[] = [{ flame: root, depth: 0, left: 0, width: WIDTH }];
  for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
    if (box.width < WIDTH_MIN) continue;
    boxes.push(box);
    let { left } = box;
    const children = [...box.flame.children].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, flame] of children) {
      const width = flame.time * scale;
      waiting.push({ flame, depth: box.depth + 1, left, width });
      left += width;
    }
  }
  return boxes;
}

function drawnBox({ flame, depth, left, width }: Box, all: number, height: number): string {
  const { functionName, url, lineNumber } = flame.frame;
  const name = functionName === '' ? '(anonymous)' : functionName;
  const place = url === '' ? groupOf(flame.frame) : `${url}:${lineNumber + 1}`;
  const title = `${name}, ${place}: ${((100 * flame.time) / all).toFixed(2)} %`;
  const y = height - 6 - (depth + 1) * ROW;
  const letters = Math.floor((width - 4) / LETTER_WIDTH);
  const [x, w] = [left.toFixed(1), width.toFixed(1)];
  const text =
    letters < 3
      ? ''
      : `<text x="${(left + 3).toFixed(1)}" y="${y + 12}">${escapeHtml(name.slice(0, letters))}</text>`;
  return `<g><title>${escapeHtml(title)}</title><rect x="${x}" y="${y}" width="${w}" height="${ROW}" fill="${colourOf(flame.frame)}"/>${text}</g>`;
}

function colourOf(frame: CallFrame): string {
  const group = groupOf(frame);
  return COLOURS.find(([prefix]) => group.startsWith(prefix))?.[1] ?? '#dddddd';
}
