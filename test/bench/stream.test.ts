import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalarValue } from '../../bench/harness/measures.js';
import { smokeResult } from './smoke.js';

test('the stream benchmark has every event of an upload answered, and every event exported', async (t) => {
  const { cases } = await smokeResult(t, 'stream');
  const upload = cases.find(({ parameters }) => parameters.kind === 'upload');
  assert.deepEqual(upload?.validity, { status: 'valid', reasons: [] });
  assert.equal(upload?.durability, 'fsync');
  const exported = cases.find(({ parameters }) => parameters.kind === 'export');
  assert.deepEqual(exported?.validity, { status: 'valid', reasons: [] });
  // An event as JSON has two UUIDs and two hashes in hex, and its text.
  assert.ok((scalarValue(exported?.measures.bytes_per_event) ?? 0) > 300);
});
