/** Export, and the import of what was exported: the same events, whatever the file is called. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { zstdCompress } from '../../src/ops/zstd.js';
import type { LocalStore } from '../../src/store/open-local-store.js';
import { allEvents, playScript } from '../store/event-store.contract.js';
import { type CliOptions, type CliRun, cli } from '../support/cli.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ROLL = { events: 60, bytes: 1e9, ageMs: 1e9 };
const withoutZstd = await zstdCompress().then(
  (stream) => void stream.destroy(),
  () => 'neither this Node nor zstd-napi has zstd',
);

/** A command on directories, with the real store. */
function run(args: string[], options: CliOptions = {}): Promise<CliRun> {
  const openStore = (dataDir?: string): Promise<LocalStore> =>
    openTestStore(dataDir as string, { roll: ROLL });
  return cli(args, { openStore, ...options });
}

/** A directory with sealed segments, a journal and four consultations with events of all kinds. */
async function filledDirectory(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const store = await openTestStore(directory, { roll: ROLL });
  const ids = await Promise.all([1, 2, 3, 4].map((seed) => playScript(store, seed)));
  await store.archived();
  const events = (await Promise.all(ids.map((id) => allEvents(store, id)))).flat();
  await store.close();
  events.sort((a, b) => a.sequence - b.sequence);
  return { directory, ids, events };
}

const eventsOf = (ndjson: string): ConsultationEvent[] =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ConsultationEvent);

describe('export', () => {
  it('writes every event in order, as the API shows it, to standard output', async (t) => {
    const { directory, events } = await filledDirectory(t);
    const { exitCode, stdout, stderr } = await run(['export', '--data-dir', directory]);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    assert.deepEqual(eventsOf(stdout), events);
  });

  it('writes the events of one consultation, and says when there is no such one', async (t) => {
    const { directory, ids, events } = await filledDirectory(t);
    const [id = ''] = ids;
    const one = await run(['export', '--data-dir', directory, '--consultation', id]);
    assert.deepEqual(
      eventsOf(one.stdout),
      events.filter(({ consultation_id }) => consultation_id === id),
    );
    const unknown = id.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    const file = join(directory, 'one.ndjson');
    const none = await run(['export', '--data-dir', directory, '--consultation', unknown, '--output', file]);
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /^fi-consult export: CONSULTATION_NOT_FOUND: .*\n$/);
    assert.ok(!(await readdir(directory)).some((name) => name.startsWith('one.ndjson')), 'no file is left');
    assert.equal((await run(['export', '--consultation', 'one'])).exitCode, 2);
  });

  it('leaves the file that was there when it cannot finish, and names an empty directory', async (t) => {
    const { directory } = await filledDirectory(t);
    const file = join(directory, 'all.ndjson');
    await writeFile(file, 'before');
    const segments = join(directory, 'segments');
    await rm(join(segments, 'segment-0000000000000001.h5'));
    const damaged = await run(['export', '--data-dir', directory, '--output', file]);
    assert.equal(damaged.exitCode, 1);
    assert.match(damaged.stderr, /ARCHIVE_DAMAGED: segment-0000000000000001\.h5/);
    assert.equal(await readFile(file, 'utf8'), 'before');
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('all')),
      ['all.ndjson'],
    );
    const nothing = await run(['export', '--data-dir', join(directory, 'nowhere')]);
    assert.match(nothing.stderr, /nowhere: there is no store here; name its directory with --data-dir\n$/);
  });
});

describe('import of an export', () => {
  for (const ending of ['', '.gz', '.zst']) {
    const skip = ending === '.zst' ? (withoutZstd ?? false) : false;
    it(`gives the same events in an empty directory, from all.ndjson${ending}`, { skip }, async (t) => {
      const { directory, events } = await filledDirectory(t);
      const file = join(directory, `all.ndjson${ending}`);
      assert.equal((await run(['export', '--data-dir', directory, '--output', file])).exitCode, 0);
      const copy = await temporaryDirectory(t);
      const imported = await run(['import', file, '--data-dir', copy]);
      assert.equal(imported.exitCode, 0, imported.stderr);
      assert.ok(imported.stdout.startsWith(`4 consultations, ${events.length} events written, 0 already`));
      assert.deepEqual(eventsOf((await run(['export', '--data-dir', copy])).stdout), events);
      const again = await run(['import', file, '--data-dir', copy]);
      assert.ok(again.stdout.startsWith(`4 consultations, 0 events written, ${events.length} already there`));
    });
  }

  it('goes on where it stopped, from a file that was cut short or damaged', async (t) => {
    const { directory, events } = await filledDirectory(t);
    const whole = (await run(['export', '--data-dir', directory])).stdout;
    const file = join(directory, 'all.ndjson');
    const copy = await temporaryDirectory(t);
    const lines = whole.split('\n');
    await writeFile(file, `\n${lines.slice(0, 50).join('\n')}\n${lines[50]?.slice(0, 40)}`);
    const cut = await run(['import', file, '--data-dir', copy]);
    assert.equal(cut.exitCode, 1);
    assert.match(cut.stderr, /all\.ndjson:52: INVALID_JSON: .*; what came before it is stored\n$/);
    assert.match(cut.stdout, /, 50 events written, 0 already there/);
    await writeFile(file, whole);
    const rest = await run(['import', file, '--data-dir', copy]);
    assert.ok(rest.stdout.includes(`, ${events.length - 50} events written, 50 already there`), rest.stdout);
    assert.deepEqual(eventsOf((await run(['export', '--data-dir', copy])).stdout), events);
  });

  it('refuses a line that was changed in any field, by file and line', async (t) => {
    const { directory, events } = await filledDirectory(t);
    const file = join(directory, 'changed.ndjson');
    const changes: ((event: ConsultationEvent) => void)[] = [
      (event) => Object.assign(event.payload, { reason: 'another' }),
      (event) => Object.assign(event, { timestamp: new Date(Date.parse(event.timestamp) + 1).toISOString() }),
      (event) => Object.assign(event, { version: event.version + 1 }),
      (event) => Object.assign(event, { event_id: event.event_id.replace(/^0/, '1') }),
      (event) => Object.assign(event.metadata, { user_id: 'another' }),
      (event) => Object.assign(event.metadata, { timezone: 'Europe/Madrid' }),
      (event) => Object.assign(event, { hash: '0'.repeat(64) }),
      (event) => Object.assign(event, { audit_hash: '0'.repeat(64) }),
      (event) => Object.assign(event, { event_id: events[0]?.event_id }),
    ];
    const store = await openTestStore(await temporaryDirectory(t), { roll: ROLL });
    t.after(() => store.close());
    const openStore = async (): Promise<LocalStore> =>
      Object.assign(Object.create(store) as LocalStore, { close: async () => undefined });
    for (const [tried, change] of changes.entries()) {
      const changed = structuredClone(events.slice(0, 12));
      change(changed[9] as ConsultationEvent);
      await writeFile(file, changed.map((event) => JSON.stringify(event)).join('\n'));
      const refused = await run(['import', file], { openStore });
      assert.equal(refused.exitCode, 1, String(change));
      assert.match(refused.stderr, /changed\.ndjson:10: /, String(change));
      assert.match(
        refused.stdout,
        tried === 0 ? /, 9 events written/ : /, 0 events written, 9 already there/,
      );
    }
  });

  it('refuses a store with other events, an export that begins later, and a running service', async (t) => {
    const { directory, events } = await filledDirectory(t);
    const file = join(directory, 'all.ndjson');
    await writeFile(file, events.map((event) => JSON.stringify(event)).join('\n'));
    const other = await temporaryDirectory(t);
    const store = await openTestStore(other);
    await playScript(store, 9);
    await store.close();
    assert.match(
      (await run(['import', file, '--data-dir', other])).stderr,
      /all\.ndjson:1: IMPORT_CONFLICT: event 1 .* use an empty --data-dir/,
    );
    await writeFile(file, JSON.stringify(events[4]));
    const copy = await temporaryDirectory(t);
    assert.match(
      (await run(['import', file, '--data-dir', copy])).stderr,
      /all\.ndjson:1: IMPORT_CONFLICT: event 5 .* events are missing before this one/,
    );
    // A target without restore, as a service is.
    assert.match((await cli(['import', file])).stderr, /all\.ndjson:1: exported events keep their ids/);
  });
});
