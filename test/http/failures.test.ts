import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import { PROBLEMS } from '../../src/http/problems.js';
import { isBehindSocket, testApp } from '../support/http-app.js';

/** A text that no answer and no log line may repeat. */
const SECRET = 'paciente-secreto-58';

for (const [code, retryAfter] of [
  ['OVERLOADED', '1'],
  ['LOG_UNAVAILABLE', '5'],
  ['SHUTTING_DOWN', '5'],
  ['STORAGE_FULL', undefined],
] as const) {
  test(`passes on that the store refuses with ${code}`, async (t) => {
    const { post, get } = await testApp(t, {
      beforeWrite: () => {
        throw new CodedError(code, 'Not now.');
      },
    });
    const answer = await post('/consultations', { user_id: 'u' });
    assert.equal(answer.statusCode, PROBLEMS[code].status);
    assert.equal(answer.json().detail, 'Not now.');
    assert.equal(answer.headers['retry-after'], retryAfter);
    const counted = (await get('/metrics')).body.includes(`fi_persist_errors_total{error_type="${code}"} 1`);
    assert.equal(counted, code === 'LOG_UNAVAILABLE' || code === 'STORAGE_FULL');
  });
}

test('shows nothing of an unexpected error, and logs it under the same request id', async (t) => {
  const { post, logged } = await testApp(t, {
    beforeWrite: () => {
      throw new TypeError(`cannot read ${SECRET} of undefined`);
    },
  });
  const answer = await post('/consultations', { user_id: 'u' });
  assert.equal(answer.statusCode, 500);
  const problem = answer.json();
  assert.equal(problem.code, 'INTERNAL_ERROR');
  assert.doesNotMatch(answer.body, /TypeError|undefined|at |secreto/);
  const line = logged.map((text) => JSON.parse(text)).find(({ level }) => level === 'error');
  assert.equal(`urn:fi-consult:request:${line.req.id}`, problem.instance);
  // What it was is in the log of the process that it happened in.
  assert.equal(line.err.type, isBehindSocket ? 'CodedError' : 'TypeError');
  assert.ok(line.err.frames.length > 0);
  assert.doesNotMatch(logged.join(''), new RegExp(SECRET));
});

test('hides the words of an error that names what is damaged', async (t) => {
  const { post } = await testApp(t, {
    beforeWrite: () => {
      throw new CodedError('ARCHIVE_DAMAGED', 'segment-0001.h5 at offset 7');
    },
  });
  const answer = await post('/consultations', { user_id: 'u' });
  assert.equal(answer.statusCode, 500);
  assert.doesNotMatch(answer.body, /segment/);
});
