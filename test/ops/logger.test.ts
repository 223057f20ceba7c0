import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import { createLogger, type Logger } from '../../src/ops/logger.js';

function logged(write: (logger: Logger) => void): { text: string; line: Record<string, unknown> } {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  write(createLogger({ level: 'info', destination }));
  return { text, line: JSON.parse(text) };
}

test('writes of a request its method, route and id only', () => {
  const req = {
    id: 'r-1',
    method: 'GET',
    url: '/consultations/secret?user_id=secret',
    routeOptions: { url: '/consultations/:id' },
    params: { id: 'secret' },
    body: { text: 'secret' },
    headers: { cookie: 'secret' },
  };
  const { text, line } = logged((logger) =>
    logger.info({ req, res: { statusCode: 200, body: 'secret' } }, 'request'),
  );
  assert.doesNotMatch(text, /secret/);
  assert.deepEqual(line.req, { id: 'r-1', method: 'GET', route: '/consultations/:id' });
  assert.deepEqual(line.res, { status: 200 });
  assert.equal(line.level, 'info');
  assert.match(String(line.time), /^\d{4}-.*Z$/);
});

for (const [how, write] of [
  ['as err', (logger: Logger, error: Error) => logger.error({ err: error }, 'failed')],
  ['as err without a message', (logger: Logger, error: Error) => logger.error({ err: error })],
  ['alone', (logger: Logger, error: Error) => logger.error(error)],
] as const) {
  test(`keeps the words of a foreign error, given ${how}, from the log`, () => {
    const error = new SyntaxError('Unexpected token in secret', { cause: new Error('secret\n    too') });
    const { text, line } = logged((logger) => write(logger, error));
    assert.doesNotMatch(text, /secret|too/);
    const { type, frames, cause } = line.err as { type: string; frames: string[]; cause: { type: string } };
    assert.equal(type, 'SyntaxError');
    assert.match(String(frames[0]), /^at .*logger\.test/);
    assert.equal(cause.type, 'Error');
  });
}

test('writes the words of our own errors and of the operating system', () => {
  const ours = new CodedError('STORAGE_FULL', 'The disk is full.', {
    cause: Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' }),
  });
  const { line } = logged((logger) => logger.error({ err: ours }, 'failed'));
  const { code, message, cause } = line.err as {
    code: string;
    message: string;
    cause: Record<string, string>;
  };
  assert.deepEqual([code, message], ['STORAGE_FULL', 'The disk is full.']);
  assert.deepEqual([cause.code, cause.message], ['ENOSPC', 'ENOSPC: no space left']);
});

test('ends the description of an error that is its own cause', () => {
  const error = new Error('round');
  error.cause = error;
  assert.ok(logged((logger) => logger.error({ err: error }, 'failed')).text.length < 100_000);
});
