/** The whole command, in this process: files in, events and one line out. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { StopSignal } from '../../src/cli/command-context.js';
import { CodedError } from '../../src/domain/errors.js';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import { cli } from '../support/cli.js';
import { storedEvents, storedMessages } from '../support/import-plans.js';
import { memoryEventStore } from '../support/memory-event-store.js';
import { startServiceStub } from '../support/service-stub.js';

const seed = Number(process.env.FI_TEST_SEED ?? Date.now() % 2 ** 31);

/** A consultation of `turns` messages as a line. */
const lineOf = (id: string, turns = 2): string =>
  JSON.stringify({
    id,
    source: 'test',
    messages: Array.from({ length: turns }, (_, index) => ({ role: 'patient', text: `${id} ${index}` })),
    note: '',
  });

async function fileOf(t: TestContext, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fi-consult-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'calls.ndjson');
  await writeFile(file, content);
  return file;
}

test('imports files and standard input, and says what it did in one line', async (t) => {
  const store = memoryEventStore();
  const file = await fileOf(t, `${lineOf('a')}\n\n${lineOf('b')}`);
  const stdin = Readable.from([Buffer.from(`${lineOf('c')}\n`)]);
  const { exitCode, stdout, stderr } = await cli(['import', file, '-', '--user', 'ana'], { store, stdin });
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^3 consultations, 9 events written, 0 already there, \d+\.\d s, \d+ events\/s\n$/);
  assert.ok(storedEvents(store).every((event) => event.metadata.user_id === 'ana'));
});

test('writes nothing the second time, nor for a line that is there twice', async (t) => {
  const store = memoryEventStore();
  const create = store.create;
  let creates = 0;
  store.create = (command) => {
    creates += 1;
    return create(command);
  };
  store.close = async () => {};
  const file = await fileOf(t, `${lineOf('a')}\n${lineOf('a')}\n${lineOf('b')}\n${lineOf('a')}\n`);
  assert.match(
    (await cli(['import', file], { store })).stdout,
    /^4 consultations, 6 events written, 6 already there/,
  );
  assert.equal(creates, 2);
  const again = await cli(['import', file, file], { store });
  assert.match(again.stdout, /^8 consultations, 0 events written, 24 already there/);
  assert.equal(store.links.length, 6);
});

test('names the file and the line it cannot import, and stores all before it', async (t) => {
  for (const concurrency of ['1', '16']) {
    const store = memoryEventStore();
    const file = await fileOf(t, `${lineOf('a')}\n\n${lineOf('b')}\n{"id":"c"}\n${lineOf('d')}\n`);
    const run = await cli(['import', file, '--concurrency', concurrency], { store });
    assert.equal(run.exitCode, 1);
    assert.equal(run.stderr.split('\n').length, 2);
    assert.ok(run.stderr.startsWith(`fi-consult import: ${file}:4: VALIDATION_FAILED: not a consultation: `));
    assert.match(run.stdout, /^2 consultations, 6 events written/);
    assert.deepEqual(storedMessages(store).sort(), ['a 0', 'a 1', 'b 0', 'b 1']);
  }
});

test('names the line that the store refuses, and finishes those under way', async (t) => {
  let writes = 0;
  const store = memoryEventStore({
    beforeWrite: () => {
      writes += 1;
      if (writes === 2) throw new CodedError('STORAGE_FULL', 'The disk is full.');
    },
  });
  const file = await fileOf(t, `${lineOf('a')}\n${lineOf('b')}\n${lineOf('c')}\n`);
  const { exitCode, stderr } = await cli(['import', file], { store });
  assert.equal(exitCode, 1);
  assert.match(stderr, /calls\.ndjson:2: STORAGE_FULL: The disk is full\.; what came before it is stored\n$/);
  assert.ok(storedMessages(store).includes('a 1'));
});

test('waits for a store that is busy', async (t) => {
  let writes = 0;
  const store = memoryEventStore({
    beforeWrite: () => {
      writes += 1;
      if (writes <= 2) throw new CodedError('OVERLOADED', 'The queue is full.');
    },
  });
  const file = await fileOf(t, lineOf('a'));
  assert.equal((await cli(['import', file], { store })).exitCode, 0);
  assert.equal(store.links.length, 3);
});

test('names a file that is not there before it writes anything', async (t) => {
  const store = memoryEventStore();
  const file = await fileOf(t, lineOf('a'));
  const { exitCode, stderr } = await cli(['import', file, `${file}.none`], { store });
  assert.equal(exitCode, 1);
  assert.equal(stderr, `fi-consult import: ${file}.none: there is no such file\n`);
  assert.equal(store.links.length, 0);
  assert.match(
    (await cli(['import', tmpdir()], { store })).stderr,
    /it is a directory; name the files in it\n$/,
  );
});

test('points to the service when it owns the directory', async (t) => {
  const file = await fileOf(t, lineOf('a'));
  const asked: (string | undefined)[] = [];
  const openStore = async (dataDir: string | undefined): Promise<never> => {
    asked.push(dataDir);
    throw new CodedError('DATA_DIR_LOCKED', 'The data directory is in use.');
  };
  const { exitCode, stderr } = await cli(['import', file, '--data-dir', 'here'], { openStore });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^fi-consult import: DATA_DIR_LOCKED: The data directory is in use\. .*--url\.\n$/);
  assert.deepEqual(asked, ['here']);
});

test('stops while it waits for more input', async () => {
  const stdin = new PassThrough();
  const store = memoryEventStore();
  let stop: ((signal: StopSignal) => void) | undefined;
  stdin.write(`${lineOf('a')}\n`);
  const close = store.close;
  const append = store.append;
  // Stopped once the first line is stored, when nothing else is under way.
  store.append = async (command) => {
    const appended = await append(command);
    setImmediate(() => stop?.('SIGTERM'));
    return appended;
  };
  let isClosed = false;
  store.close = () => {
    isClosed = true;
    return close();
  };
  const onStart = (signal: (name: StopSignal) => void): void => {
    stop = signal;
  };
  const { exitCode, stdout, stderr } = await cli(['import', '-'], { store, stdin, onStart });
  assert.equal(exitCode, 143);
  assert.match(stderr, /stopped by SIGTERM; run the same command again to go on from here/);
  assert.match(stdout, /^1 consultations, 3 events written/);
  assert.ok(isClosed);
});

test('imports real-looking files through random stops, into a store and a service alike', async (t) => {
  t.diagnostic(`FI_TEST_SEED=${seed}`);
  const random = seededRandom(seed);
  const consultations = [...syntheticConsultations({ seed: seed % 1000, count: 6 })];
  const file = await fileOf(t, consultations.map((consultation) => JSON.stringify(consultation)).join('\n'));
  let stopIn = 0;
  let stop: ((signal: StopSignal) => void) | undefined;
  const countDown = (): undefined => {
    stopIn -= 1;
    if (stopIn === 0) stop?.('SIGINT');
  };
  const onStart = (signal: (name: StopSignal) => void): void => {
    stop = signal;
  };
  const direct = memoryEventStore({ beforeWrite: countDown });
  direct.close = async () => {};
  const stub = await startServiceStub(t, countDown);
  const targets = [
    { store: direct, args: [] as string[], writesMax: 8 },
    { store: stub.store, args: ['--url', stub.url], writesMax: 150 },
  ];
  for (const { store, args, writesMax } of targets) {
    let exitCode = -1;
    for (let runs = 0; exitCode !== 0; runs += 1) {
      stopIn = 1 + Math.floor(random() * writesMax) + runs;
      const run = await cli(['import', file, '--concurrency', '3', ...args], { store, onStart });
      exitCode = run.exitCode;
      assert.ok(exitCode === 0 || exitCode === 130, run.stderr);
    }
    const ids = new Set(storedEvents(store).map((event) => event.consultation_id));
    const expected = consultations.map(({ messages }) => messages.map(({ text }) => text).filter(Boolean));
    const actual = [...ids].map((id) => storedMessages(store, id));
    assert.deepEqual(actual.map(String).sort(), expected.map(String).sort());
  }
  const contents = ({ links }: typeof direct) => storedMessages({ links } as typeof direct).sort();
  assert.deepEqual(contents(direct), contents(stub.store));
});
