import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CodedError, ERROR_CODES } from '../../src/domain/errors.js';
import { codedError, problemAnswer } from '../../src/http/problem.js';
import { PROBLEMS } from '../../src/http/problems.js';

test('documents every code with its status, its title and how to solve it, and no other', async () => {
  const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const sections = text.split(/^### /m).slice(1);
  assert.deepEqual(
    sections.map((section) => section.slice(0, section.indexOf('\n'))).sort(),
    [...ERROR_CODES].sort(),
  );
  for (const section of sections) {
    const code = section.slice(0, section.indexOf('\n')) as keyof typeof PROBLEMS;
    const { status, title } = PROBLEMS[code];
    assert.ok(section.includes(`\n\n${status} · ${title}.\n`), `${code} is ${status} · ${title}.`);
    assert.match(section, /\n\*\*To solve:\*\* .+\./, code);
  }
});

test('keeps the members of every problem, whatever an error adds', () => {
  const error = new CodedError('WRONG_EXPECTED_VERSION', 'Read it again.', {
    extensions: { version: 7, status: 'mine' },
  });
  const { status, body } = problemAnswer(error, 'r-1');
  assert.equal(status, 412);
  assert.deepEqual(JSON.parse(body), {
    type: 'urn:fi-consult:problem:WRONG_EXPECTED_VERSION',
    title: PROBLEMS.WRONG_EXPECTED_VERSION.title,
    status: 412,
    code: 'WRONG_EXPECTED_VERSION',
    detail: 'Read it again.',
    instance: 'urn:fi-consult:request:r-1',
    version: 7,
  });
});

test('takes whatever is thrown, and keeps its words from the answer', () => {
  for (const thrown of [
    undefined,
    null,
    'words',
    7,
    new Error('words'),
    { code: 'FST_ERR_OTHER', message: 'words' },
  ]) {
    const error = codedError(thrown);
    assert.equal(error.code, 'INTERNAL_ERROR');
    assert.doesNotMatch(problemAnswer(error).body, /words/);
  }
  const clients = Object.assign(new Error('words'), { statusCode: 400 });
  assert.equal(codedError(clients).code, 'BAD_REQUEST');
  assert.doesNotMatch(problemAnswer(codedError(clients)).body, /words/);
});
