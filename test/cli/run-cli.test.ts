/** The program around the commands: help, usage errors, and one line for each failure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError, errorLine } from '../../src/cli/command-error.js';
import { CodedError } from '../../src/domain/errors.js';
import { cli } from '../support/cli.js';
import { memoryEventStore } from '../support/memory-event-store.js';

test('gives its version, and help for itself and for a command', async () => {
  assert.deepEqual(await cli(['--version']), { exitCode: 0, stdout: '1.2.3\n', stderr: '', wentLast: false });
  const help = await cli(['--help']);
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /Usage: fi-consult .*\n(.*\n)* {2}import /);
  const importHelp = await cli(['import', '--help']);
  assert.equal(importHelp.exitCode, 0);
  for (const word of ['<file...>', '--data-dir', '--url', '--user', '--concurrency', 'docs/cli.md']) {
    assert.ok(importHelp.stdout.includes(word), word);
  }
});

test('answers a usage error with one line and exit code 2', async () => {
  const cases: [string[], RegExp][] = [
    [['improt'], /^fi-consult: unknown command 'improt'.*; see fi-consult --help\n$/],
    [['--colour'], /^fi-consult: unknown option '--colour'/],
    [['import'], /^fi-consult import: missing required argument 'file'; see fi-consult import --help\n$/],
    [['import', 'x', '--speed'], /^fi-consult import: unknown option '--speed'/],
    [['import', 'x', '--concurrency', '0'], /^fi-consult import: .*whole number from 1 to 64/],
    [['import', 'x', '--concurrency', 'many'], /^fi-consult import: .*whole number/],
    [['import', 'x', '--user', ''], /^fi-consult import: .*1 to 128 characters/],
    [
      ['import', 'x', '--url', 'http://a', '--data-dir', 'b'],
      /^fi-consult import: --url and --data-dir exclude/,
    ],
    [['import', '-', '-'], /^fi-consult import: standard input \(-\) can be read once/],
    [['import', '-', '--url', 'here'], /^fi-consult import: --url must be the address of a service/],
  ];
  for (const [args, line] of cases) {
    const { exitCode, stdout, stderr } = await cli(args);
    assert.equal(exitCode, 2, args.join(' '));
    assert.match(stderr, line);
    assert.equal(stderr.split('\n').length, 2, `one line: ${stderr}`);
    assert.equal(stdout, '');
  }
});

test('shows its help, as an error, when it is told nothing', async () => {
  const { exitCode, stderr } = await cli([]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^Usage: fi-consult/);
});

test('answers a failure with one line and exit code 1, and a stack at the level debug only', async () => {
  const store = memoryEventStore();
  store.close = async () => {
    throw new Error('first\nsecond');
  };
  const plain = await cli(['import', '-'], { store });
  assert.equal(plain.exitCode, 1);
  assert.equal(plain.stderr, 'fi-consult import: first second\n');
  const debug = await cli(['import', '-'], { store, env: { FI_LOG_LEVEL: 'debug' } });
  assert.equal(debug.exitCode, 1);
  assert.match(debug.stderr, /fi-consult import: Error: first\nsecond\n +at /);
});

test('puts a coded error and its first fields into one line', () => {
  const errors = Array.from('abcdefghijklmn', (name) => ({ path: `/${name}`, message: 'is wrong' }));
  assert.equal(
    errorLine(new CodedError('INVALID_SETTINGS', 'Two\nlines.', { errors })),
    `INVALID_SETTINGS: Two lines. (${Array.from('abcdefghijkl', (name) => `/${name} is wrong`).join('; ')}; and 2 more)`,
  );
  assert.equal(errorLine(new CommandError('clear\u001b[2J screen')), 'clear [2J screen');
});
