/** A store behind a Unix socket of its own: the port as a worker has it, with the real server in between. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { RemoteEventStore } from '../../src/cluster/remote-event-store.js';
import { StoreServer, type StoreServerOptions } from '../../src/cluster/store-server.js';
import { createLogger, type Logger } from '../../src/ops/logger.js';
import type { EventStore } from '../../src/store/event-store.js';
import { temporaryDirectory } from './temporary-directory.js';

export const VERSION = '1.2.3';

/** A logger that keeps its lines. */
export function keptLog(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ level: 'debug', destination }), lines };
}

export interface SocketStore {
  path: string;
  server: StoreServer;
  remote: RemoteEventStore;
  /** Another worker. */
  connect(): Promise<RemoteEventStore>;
  /** Closes the workers and the server; the store behind it stays open. */
  close(): Promise<void>;
}

export async function socketStore(
  store: EventStore,
  options: Partial<StoreServerOptions> = {},
): Promise<SocketStore> {
  const directory = await temporaryDirectory();
  const path = join(directory, 'store.sock');
  const { logger } = keptLog();
  const server = await StoreServer.listen({ store, path, version: VERSION, logger, ...options });
  const remotes: RemoteEventStore[] = [];
  const connect = async (): Promise<RemoteEventStore> => {
    const remote = await RemoteEventStore.connect({
      path,
      version: VERSION,
      logger,
      onRefused: (error) => {
        throw error;
      },
    });
    remotes.push(remote);
    return remote;
  };
  return {
    path,
    server,
    remote: await connect(),
    connect,
    async close() {
      for (const remote of remotes) await remote.close();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}
