/** The walk through a consultation in the README, pasted into a shell against the real service. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runningService } from './running-service.js';

const README = new URL('../../../README.md', import.meta.url);
const missing = ['bash', 'curl', 'sed'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);

/** The JSON values that commands printed one after another. */
function values(output: string): Record<string, unknown>[] {
  return output
    .replaceAll('\n', '')
    .replaceAll('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the README', () => {
  const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`;

  it('has a walk through a consultation that works when pasted', { skip }, async (t) => {
    const { service } = await runningService(t);
    const [, walk = ''] =
      /## A consultation, with curl\n\n```sh\n([\s\S]*?)```/.exec(await readFile(README, 'utf8')) ?? [];
    assert.ok(walk.includes('api=http://127.0.0.1:7001\n'));
    const script = walk.replace('http://127.0.0.1:7001', service.url);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script]);
    const [message, urgency, refused, note, state, events, soap, ...more] = values(stdout);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [message, urgency, note].map((answer) => answer?.version),
      [2, 3, 4],
    );
    assert.ok(refused && state && events && soap);
    assert.equal(refused.code, 'VALIDATION_FAILED');
    assert.deepEqual(refused.errors, [{ path: '/payload/quality_score', message: 'must be <= 1' }]);
    assert.equal((state.consultation as { version: number }).version, 4, 'what was refused left no trace');
    assert.equal(events.returned_count, 1);
    assert.deepEqual(soap.soap_note, { subjective: 'chest pain' });
  });
});
