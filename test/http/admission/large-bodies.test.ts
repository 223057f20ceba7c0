import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { limits } from '../../../src/domain/limits.js';
import { boundLargeBodies } from '../../../src/http/admission/large-bodies.js';

const MEBIBYTE = 1024 * 1024;

/** Starts a request with these headers; the code that refuses it, and how it ends. */
function start(hook: ReturnType<typeof boundLargeBodies>, headers: Record<string, string>) {
  const raw = Object.assign(new EventEmitter(), { headers });
  let refusal: string | undefined;
  hook({ raw } as unknown as FastifyRequest, {} as FastifyReply, (error) => {
    refusal = (error as { code?: string } | undefined)?.code;
  });
  return { refusal, end: () => raw.emit('close') };
}

const ofBytes = (bytes: number) => ({ 'content-length': String(bytes) });

test('bounds the large bodies that are received at the same time, until their requests end', () => {
  const hook = boundLargeBodies(2 * MEBIBYTE);
  const first = start(hook, ofBytes(MEBIBYTE));
  const second = start(hook, { 'transfer-encoding': 'chunked' });
  assert.deepEqual([first.refusal, second.refusal], [undefined, undefined]);
  const third = start(hook, ofBytes(20_000));
  assert.equal(third.refusal, 'OVERLOADED');
  third.end();
  first.end();
  assert.equal(start(hook, ofBytes(MEBIBYTE)).refusal, undefined);
  assert.equal(start(hook, ofBytes(20_000)).refusal, 'OVERLOADED');
});

test('counts no small bodies, no missing ones and no streams', () => {
  const hook = boundLargeBodies(MEBIBYTE);
  assert.equal(start(hook, ofBytes(MEBIBYTE)).refusal, undefined);
  const streamed = { 'transfer-encoding': 'chunked', 'content-type': 'application/x-ndjson' };
  for (const headers of [ofBytes(limits.smallBodyBytesMax), {}, streamed]) {
    assert.equal(start(hook, headers).refusal, undefined);
  }
});

test('counts a body that is longer than any route takes for as much as is read of it', () => {
  const hook = boundLargeBodies(2 * MEBIBYTE);
  assert.equal(start(hook, ofBytes(100 * MEBIBYTE)).refusal, undefined);
  assert.equal(start(hook, ofBytes(MEBIBYTE)).refusal, undefined);
});
