import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { asOthers, goFirst } from '../../../bench/harness/generator-priority.js';

const mayRaise = process.platform === 'linux' && process.getuid?.() === 0;

test('a generator goes first for as long as it runs, and what it starts does not', (t) => {
  const before = getPriority();
  const asBefore = goFirst();
  if (!mayRaise) t.diagnostic('not checked: only root may raise a priority');
  else assert.ok(getPriority() < before);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  asOthers(child.pid);
  assert.ok(getPriority(child.pid) >= 0);
  child.kill();
  asBefore();
  assert.equal(getPriority(), before);
  asOthers(undefined);
});
