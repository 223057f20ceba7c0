/** The HTTP application on a store in memory and a real socket, and bare connections to it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { NodeServerOptions } from '../../src/http/node-server.js';
import { type HttpServer, startServer } from '../../src/http/server.js';
import { type TestApp, testApp } from './http-app.js';
import type { MemoryEventStoreOptions } from './memory-event-store.js';

export interface Served extends TestApp {
  server: HttpServer;
}

export async function served(
  t: TestContext,
  options: MemoryEventStoreOptions = {},
  shutdownMs?: number,
  connections: NodeServerOptions = {},
): Promise<Served> {
  const built = await testApp(t, options, connections);
  const server = await startServer(built.app, {
    host: '127.0.0.1',
    port: 0,
    ...(shutdownMs !== undefined && { shutdownMs }),
  });
  t.after(() => server.close());
  return { ...built, server };
}

/** A bare connection. `answer` resolves with all that came, when the other side has closed. */
export async function dial(
  t: TestContext,
  { port }: HttpServer,
): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    received += chunk;
  });
  const answer = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, answer };
}
