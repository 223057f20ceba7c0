import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Candidate, recommended } from '../../bench/compression/recommend.js';
import { scalarValue } from '../../bench/harness/measures.js';
import { smokeResult } from './smoke.js';

test('the default codec is the smallest that is fast enough, and that its readers can read', () => {
  const candidate = (codec: string, bytesPerEvent: number, seals = 20, reads = 60): Candidate => {
    return { codec, bytesPerEvent, seals, reads };
  };
  const all = [
    candidate('none', 200, 30),
    candidate('gzip:6', 48),
    candidate('gzip:9', 47, 7),
    candidate('gzip:8', 47.5, 20, 40),
    candidate('zstd:9', 40),
    candidate('lz4', 80),
  ];
  assert.equal(recommended(all, false)?.codec, 'gzip:6');
  assert.equal(recommended(all, true)?.codec, 'zstd:9');
  assert.equal(recommended([candidate('lz4', 80)], false), undefined);
});

test('the compression benchmark gives back every byte, in every way, and smaller where it should be', async (t) => {
  const { cases } = await smokeResult(t, 'compression');
  const broken = cases.filter(({ validity }) => validity.status === 'invalid');
  assert.deepEqual(broken, []);
  const ratio = (name: string): number => {
    return scalarValue(cases.find((row) => row.name === name)?.measures.ratio) ?? Number.NaN;
  };
  assert.ok(ratio('segment, gzip:6') > ratio('segment, none'));
  assert.ok(ratio('256 B events, 256 KiB chunks, gzip:6') > 2);
  assert.ok(ratio('native gzip:6') > 2);
  const strings = cases.filter(({ parameters, measures }) => parameters.kind === 'strings' && measures.ratio);
  for (const { measures } of strings)
    assert.ok((scalarValue(measures.ratio) ?? 9) < 1.2, 'no filter sees the text');
});
