import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import { diskFailure, isNoSpace, plainFailure } from '../../src/ops/disk-failure.js';

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: i/o error, read`), { code, syscall: 'read' });

test('an error of the file system gets a code, a line that says what to do, and no path', () => {
  const failure = diskFailure(systemError('EIO'));
  assert.ok(failure instanceof CodedError);
  assert.equal(failure.code, 'DISK_FAILED');
  assert.match(failure.message, /\(EIO\)\. Look at/);
  const full = diskFailure(new Error('while beginning a journal', { cause: systemError('EDQUOT') }));
  assert.equal((full as CodedError).code, 'STORAGE_FULL');
});

test('other errors stay what they are', () => {
  const coded = new CodedError('LOG_DAMAGED', 'somewhere', { cause: systemError('EIO') });
  assert.equal(diskFailure(coded), coded);
  const bug = new Error('assertion failed');
  assert.equal(diskFailure(bug), bug);
  assert.deepEqual(plainFailure(bug), { code: 'INTERNAL_ERROR', message: 'assertion failed' });
});

test('no space is what an error says itself, and not what is behind it', () => {
  assert.ok(isNoSpace(systemError('ENOSPC')));
  assert.ok(!isNoSpace(new Error('a name is taken', { cause: systemError('ENOSPC') })));
});
