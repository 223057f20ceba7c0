import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupOf } from '../../profiles/support/code-groups.js';
import { costsOf, functionLabel } from '../../profiles/support/costs.js';
import type { CallFrame, CpuProfile, ProfileNode } from '../../profiles/support/cpu-profile.js';
import { selfTimes, withoutMachinePaths } from '../../profiles/support/cpu-profile.js';
import { ROOT } from '../../profiles/support/portable-url.js';

const frame = (functionName: string, url = '', scriptId = url === '' ? '0' : '7'): CallFrame => {
  return { functionName, url, scriptId, lineNumber: url === '' ? -1 : 9, columnNumber: 0 };
};
const node = (id: number, callFrame: CallFrame, children: number[] = []): ProfileNode => {
  return { id, callFrame, hitCount: 0, children };
};
const HTTP = 'dist/src/http/server.js';
const LOG = 'dist/src/log/file-log.js';

/** root → handle (http) → { commit (log) → writev, handle → parse (a package) }, idle, garbage collection. */
const PROFILE: CpuProfile = {
  nodes: [
    node(1, frame('(root)'), [2, 7, 8]),
    node(2, frame('handle', HTTP), [3, 5]),
    node(3, frame('commit', LOG), [4]),
    node(4, frame('writev')),
    node(5, frame('handle', HTTP), [6]),
    node(6, frame('parse', 'node_modules/@scope/json/index.js')),
    node(7, frame('(idle)')),
    node(8, frame('(garbage collector)')),
  ],
  startTime: 1000,
  endTime: 1090,
  //        each stands for the time until the next:  20, 10, 5, 15, 25, 5
  samples: [2, 3, 4, 6, 7, 8],
  timeDeltas: [10, 20, 10, 5, 15, 25],
};

test('gives each sample the time until the next one, and adds up to what was sampled', () => {
  const times = selfTimes(PROFILE);
  assert.deepEqual(
    [...times],
    [
      [2, 20],
      [3, 10],
      [4, 5],
      [6, 15],
      [7, 25],
      [8, 5],
    ],
  );
  assert.equal(
    [...times.values()].reduce((sum, time) => sum + time, 0),
    1090 - 1010,
  );
});

test('counts a function that recurs once in its total', () => {
  const { functions } = costsOf(PROFILE);
  const handle = functions.find(({ label }) => label.startsWith('handle'));
  assert.deepEqual(handle, { label: `handle (${HTTP}:10)`, self: 20, total: 50 });
});

test('splits what was worked into groups whose self times add up', () => {
  const { groups, all, busy } = costsOf(PROFILE);
  const self = Object.fromEntries(groups.map((group) => [group.label, group.self]));
  assert.deepEqual(self, {
    'src/http': 20,
    'src/log': 10,
    'native: writes': 5,
    'package @scope/json': 15,
    idle: 25,
    'garbage collection': 5,
  });
  assert.equal(all, 80);
  assert.equal(busy, 55);
  assert.equal(groups.find(({ label }) => label === 'src/http')?.total, 50);
});

test('gives stages the stacks that work for them, and functions of one stage on request', () => {
  const { stages } = costsOf(PROFILE);
  assert.deepEqual(
    stages.map(({ label, self }) => [label, self]),
    [
      ['ingest', 35],
      ['persist', 15],
      ['no stage', 5],
    ],
  );
  const { functions } = costsOf(PROFILE, 'persist');
  assert.deepEqual(
    functions.map(({ label, self }) => [label, self]),
    [
      [`commit (${LOG}:10)`, 10],
      ['writev', 5],
      [`handle (${HTTP}:10)`, 0],
    ],
  );
});

test('names what could be done without by its owner, without the natives that are needed', () => {
  const { removable } = costsOf(PROFILE);
  assert.deepEqual(
    removable.map(({ label, self }) => [label.split(' ')[0], self]),
    [
      ['handle', 20],
      ['parse', 15],
      ['commit', 10],
      ['(garbage', 5],
    ],
  );
});

test('tells code that was made at run time from natives', () => {
  assert.equal(
    functionLabel({ ...frame('validate'), scriptId: '12', lineNumber: 3 }),
    'validate (generated, line 4)',
  );
  assert.equal(functionLabel(frame('writev')), 'writev');
});

test('puts code into the group of its place', () => {
  const expected = [
    [frame('constructor'), 'native: other'],
    [frame('writev'), 'native: writes'],
    [frame('(program)'), 'native: no name'],
    [frame('onread', 'node:internal/stream_base_commons'), 'node: sockets and streams'],
    [frame('parserOnBody', 'node:_http_common'), 'node: http'],
    [frame('a', 'node_modules/fastify/node_modules/find-my-way/index.js'), 'http framework'],
    [frame('a', 'node_modules/@fastify/swagger/index.js'), 'http framework'],
    [frame('a', 'dist/src/main.js'), 'src'],
    [frame('a', 'dist/src/http/admission/queue.js'), 'src/http'],
    [{ ...frame('validate1'), scriptId: '9' }, 'generated: validators, serialisers'],
  ] as const;
  for (const [of, group] of expected) assert.equal(groupOf(of), group, of.functionName);
});

test('keeps no path of this machine', () => {
  const nodes = [
    node(1, frame('a', `file://${ROOT}dist/src/main.js`)),
    node(2, frame('b', 'file:///home/somebody/clone/node_modules/fastify/fastify.js')),
    node(3, frame('c', 'file:///home/somebody/script.mjs')),
    node(5, frame('e', `${ROOT}node_modules/fastify/lib/route.js`)),
    node(4, frame('d', 'node:net')),
  ];
  const urls = withoutMachinePaths({ ...PROFILE, nodes }).nodes.map(({ callFrame }) => callFrame.url);
  assert.deepEqual(urls, [
    'dist/src/main.js',
    'node_modules/fastify/fastify.js',
    'script.mjs',
    'node_modules/fastify/lib/route.js',
    'node:net',
  ]);
});
