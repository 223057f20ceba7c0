/** A proxy that breaks connections at random: before a request has reached the service, or before its answer has come. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Random } from '../../src/domain/seeded-random.js';

export interface FlakyProxy {
  readonly url: string;
  /** How many connections it has broken on the way there, and on the way back. */
  readonly cuts: { requests: number; answers: number };
  /** How often it breaks them, for each piece that passes: from 0 to 1. */
  chance: number;
}

/** `target` is asked for the port of the service at each connection, since a service that was restarted has another. */
export async function flakyProxy(t: TestContext, random: Random, target: () => number): Promise<FlakyProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(target(), '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      service.destroy();
    };
    for (const socket of [client, service]) {
      sockets.add(socket.on('error', cut));
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => {
      if (random() >= proxy.chance) {
        service.write(bytes);
        return;
      }
      proxy.cuts.requests += 1;
      cut();
    });
    service.on('data', (bytes) => {
      if (random() >= proxy.chance) {
        client.write(bytes);
        return;
      }
      proxy.cuts.answers += 1;
      // A part of the answer, as a connection that breaks leaves it.
      client.write(bytes.subarray(0, Math.floor(random() * bytes.length)), cut);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const proxy = { url: `http://127.0.0.1:${port}`, cuts: { requests: 0, answers: 0 }, chance: 0 };
  return proxy;
}
