/** What a worker and the store do when the socket between them does not work, or somebody else is on it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { RemoteEventStore } from '../../src/cluster/remote-event-store.js';
import { socketPath } from '../../src/cluster/socket-path.js';
import { StoreServer } from '../../src/cluster/store-server.js';
import type { CodedError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import type { EventStore } from '../../src/store/event-store.js';
import { append, message, started } from '../store/event-store.contract.js';
import { take } from '../store/follow.contract.js';
import { type MemoryEventStore, memoryEventStore } from '../support/memory-event-store.js';
import { keptLog, socketStore, VERSION } from '../support/socket-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A socket in front of another, whose connections can be cut as a kill of the process behind it would. */
async function cuttable(t: TestContext, path: string, target: string) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  const listen = async (): Promise<void> => {
    server.listen(path);
    await once(server, 'listening');
  };
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  t.after(cut);
  await listen();
  return { cut, listen };
}

interface Subject {
  memory: MemoryEventStore;
  remote: RemoteEventStore;
  cut(): void;
  listen(): Promise<void>;
}

/** A worker whose connection can be cut. */
async function cuttableStore(t: TestContext, memory: MemoryEventStore): Promise<Subject> {
  const { path, close } = await socketStore(memory);
  const near = join(await temporaryDirectory(t), 'near.sock');
  const proxy = await cuttable(t, near, path);
  const remote = await RemoteEventStore.connect({
    path: near,
    version: VERSION,
    logger: keptLog().logger,
    onRefused: assert.fail,
  });
  t.after(async () => {
    await remote.close();
    await close();
  });
  return { memory, remote, ...proxy };
}

/** Resolves once the worker has its store again. */
async function ready(store: EventStore): Promise<void> {
  while (!(await store.health()).ready) await new Promise((resolve) => setTimeout(resolve, 5));
}

function gate(): { open(): void; passed: Promise<void> } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

describe('a worker whose store goes away', () => {
  it('refuses calls at once, says so, and goes on once the store is back', async (t) => {
    const { remote, cut, listen } = await cuttableStore(t, memoryEventStore());
    const consultationId = await started(remote);
    const inFlight = remote.verify(consultationId);
    cut();
    await assert.rejects(inFlight, { code: 'STORE_UNREACHABLE' });
    await assert.rejects(append(remote, consultationId, [message('x')]), { code: 'STORE_UNREACHABLE' });
    const { ready: isReady, reason = '' } = await remote.health();
    assert.equal(isReady, false);
    assert.match(reason, /store does not answer/);
    await listen();
    await ready(remote);
    const { events } = await append(remote, consultationId, [message('x')]);
    assert.equal(events[0]?.version, 2);
  });

  it('says of what was sent and not answered that its outcome is unknown, and once it is told again there is one', async (t) => {
    const held = gate();
    const memory = memoryEventStore();
    const { remote, cut, listen } = await cuttableStore(t, memory);
    const consultationId = await started(memory);
    const inner = memory.append;
    memory.append = async (command) => {
      const appended = await inner(command);
      held.open();
      await new Promise(() => {});
      return appended;
    };
    const eventId = '01890000-0000-7000-8000-000000000001';
    const lost = append(remote, consultationId, [message('x', eventId)]);
    await held.passed;
    cut();
    await assert.rejects(lost, { code: 'OUTCOME_UNKNOWN' });
    memory.append = inner;
    await listen();
    await ready(remote);
    const { replayed } = await append(remote, consultationId, [message('x', eventId)]);
    assert.equal(replayed, true);
    assert.equal(memory.links.length, 2);
  });

  it('goes on with what it follows where it was, and neither misses nor repeats an event', async (t) => {
    const { memory, remote, cut, listen } = await cuttableStore(t, memoryEventStore());
    const consultationId = await started(memory);
    const feed = await remote.follow({ endsAtHead: false });
    const got = await take(feed, 1);
    for (let round = 0; round < 3; round += 1) {
      const more = take(feed, 20);
      for (let i = 0; i < 20; i += 1) {
        await append(memory, consultationId, [message(`${round} ${i}`)]);
        if (i === 7) cut();
        if (i === 15) await listen();
      }
      got.push(...(await more));
    }
    assert.deepEqual(
      got.map(({ sequence }) => sequence),
      Array.from({ length: 61 }, (_, index) => index + 1),
    );
    const waiting = feed.next();
    await feed.return?.();
    assert.deepEqual(await waiting, { done: true, value: undefined });
  });

  it('fails what is only read to its end, rather than to pretend that it is whole', async (t) => {
    const { memory, remote, cut } = await cuttableStore(t, memoryEventStore());
    await started(memory);
    const feed = await remote.follow({ endsAtHead: true });
    await feed.next();
    cut();
    await assert.rejects(feed.next(), { code: 'STORE_UNREACHABLE' });
    assert.deepEqual(await feed.next(), { done: true, value: undefined });
  });
});

describe('a store that is there and says nothing', () => {
  it('is given up after some beats, and looked for again', async (t) => {
    const path = join(await temporaryDirectory(t), 'silent.sock');
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    server.listen(path);
    await once(server, 'listening');
    t.after(() => server.close());
    t.mock.timers.enable({ apis: ['setInterval'] });
    const stop = new AbortController();
    const connected = once(server, 'connection');
    const connecting = RemoteEventStore.connect(
      { path, version: VERSION, logger: keptLog().logger, onRefused: assert.fail },
      stop.signal,
    );
    await connected;
    const again = once(server, 'connection');
    for (let beat = 0; beat <= limits.silentBeatsMax; beat += 1) t.mock.timers.tick(limits.storeBeatMs);
    await again;
    stop.abort();
    await assert.rejects(connecting, { code: 'SHUTTING_DOWN' });
  });
});

describe('a store with a socket', () => {
  it('finishes what was asked when it closes, and refuses what comes then', async () => {
    const held = gate();
    const begun = gate();
    const memory = memoryEventStore({
      beforeWrite: () => {
        begun.open();
        return held.passed;
      },
    });
    const { remote, server, close } = await socketStore(memory);
    const first = remote.create({ userId: 'dr', source: 'test' });
    await begun.passed;
    const closing = server.close();
    await assert.rejects(remote.create({ userId: 'dr', source: 'test' }), { code: 'SHUTTING_DOWN' });
    held.open();
    assert.equal((await first).replayed, false);
    await closing;
    await close();
  });

  it('closes although a call never ends, once the worker that made it is gone', async () => {
    const begun = gate();
    const memory = memoryEventStore({
      beforeWrite: () => {
        begun.open();
        return new Promise(() => {});
      },
    });
    const { remote, close } = await socketStore(memory);
    const lost = remote.create({ userId: 'dr', source: 'test' });
    await begun.passed;
    await Promise.all([assert.rejects(lost, { code: 'OUTCOME_UNKNOWN' }), close()]);
  });

  it('answers more calls at once than it works on', async () => {
    const memory = memoryEventStore();
    const { remote, close } = await socketStore(memory);
    const consultationId = await started(remote);
    const owners = await Promise.all(
      Array.from({ length: limits.socketCallsMax + 1000 }, () => remote.owner(consultationId)),
    );
    assert.deepEqual(new Set(owners), new Set(['dr']));
    await close();
  });

  it('tells its workers how many they are', async () => {
    const { remote, connect: another, close } = await socketStore(memoryEventStore());
    assert.equal(remote.workers, 1);
    const second = await another();
    await second.health();
    assert.equal(second.workers, 2);
    while (remote.workers < 2) await remote.health();
    await second.close();
    while (remote.workers > 1) await remote.health();
    await close();
  });

  it('gathers the figures of all processes, and counts those that do not answer in time', async () => {
    const { path, server, close } = await socketStore(memoryEventStore(), {
      figures: async () => 'store',
    });
    const worker = (figures: () => Promise<unknown>) =>
      RemoteEventStore.connect({
        path,
        version: VERSION,
        logger: keptLog().logger,
        onRefused: assert.fail,
        figures,
      });
    const quick = await worker(async () => 'quick');
    const stuck = await worker(() => new Promise(() => {}));
    const { processes, workers, missing } = await quick.figures();
    // The first worker of the helper has no figures to tell.
    assert.deepEqual(processes, ['store', null, 'quick']);
    assert.deepEqual({ workers, missing, count: server.workerCount }, { workers: 3, missing: 1, count: 3 });
    await Promise.all([quick.close(), stuck.close()]);
    await close();
  });

  it('turns away a worker of another version, which is told so', async () => {
    const { path, server, close } = await socketStore(memoryEventStore());
    const refused = new Promise<CodedError>((resolve) => {
      RemoteEventStore.connect({
        path,
        version: '9.9.9',
        logger: keptLog().logger,
        onRefused: resolve,
      }).catch(() => undefined);
    });
    const { code, message: text } = await refused;
    assert.equal(code, 'STORE_VERSION_DIFFERS');
    assert.match(text, /1\.2\.3.*9\.9\.9/);
    assert.equal(server.workerCount, 1);
    await close();
  });

  it('hangs up on whoever sends no frames, and serves the others', async () => {
    const { path, remote, close } = await socketStore(memoryEventStore());
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\0', '\xff\xff\xff\xff']) {
      const stranger = connect(path);
      stranger.on('error', () => {});
      stranger.write(Buffer.from(bytes, 'latin1'));
      await once(stranger.resume(), 'close');
    }
    await started(remote);
    await close();
  });

  it('answers no call before a greeting', async () => {
    const memory = memoryEventStore();
    const { path, close } = await socketStore(memory);
    const stranger = connect(path);
    const call = Buffer.from(JSON.stringify(['create', { userId: 'x', source: 'x' }]));
    const head = Buffer.alloc(13);
    head.writeUInt32LE(9 + call.length, 0);
    head.writeUInt32LE(1, 4);
    head[8] = 1;
    head.writeUInt32LE(call.length, 9);
    stranger.write(Buffer.concat([head, call]));
    const [answer] = (await once(stranger, 'data')) as [Buffer];
    assert.match(answer.toString('latin1'), /SHUTTING_DOWN/);
    assert.equal(memory.links.length, 0);
    stranger.destroy();
    await close();
  });

  it('is for processes of its own user', async () => {
    const { path, close } = await socketStore(memoryEventStore());
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await close();
  });
});

describe('the path of a socket', () => {
  const listen = (path: string) =>
    StoreServer.listen({ store: memoryEventStore(), path, version: VERSION, logger: keptLog().logger });

  it('is in the data directory unless set, and no longer than the system takes', () => {
    assert.equal(socketPath('', '/data'), '/data/store.sock');
    assert.equal(socketPath('/run/x.sock', '/data'), '/run/x.sock');
    assert.throws(() => socketPath('', `/${'d'.repeat(100)}`), { code: 'INVALID_SETTINGS' });
  });

  it('is taken over from a store that was killed, and from nobody else', async (t) => {
    const directory = await temporaryDirectory(t);
    const path = join(directory, 'store.sock');
    const alive = await listen(path);
    await assert.rejects(listen(path), { code: 'INVALID_SETTINGS', message: /Another process serves/ });
    await alive.close();
    const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`;
    const killed = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    assert.ok((await stat(path)).isSocket());
    const plain = join(directory, 'plain');
    await writeFile(plain, 'no socket');
    await assert.rejects(listen(plain), { code: 'INVALID_SETTINGS', message: /no socket/ });
    await (await listen(path)).close();
  });
});
