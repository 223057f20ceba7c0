/** Serves an event store to other processes of the machine, over a Unix socket. */
import { createServer, type Server } from 'node:net';
import { limits } from '../domain/limits.js';
import type { Load } from '../ops/load.js';
import type { Logger } from '../ops/logger.js';
import type { EventStore } from '../store/event-store.js';
import { KIND, PROTOCOL, type StoreHello, type StoreLoad } from './protocol.js';
import { removeStaleSocket } from './socket-path.js';
import { WorkerConnection, type WorkerHost } from './worker-connection.js';

export interface StoreServerOptions {
  store: EventStore;
  /** Where it listens, as `socketPath` gives it. */
  path: string;
  /** Of the program: workers of another one are turned away. */
  version: string;
  logger: Logger;
  load?: () => Pick<Load, 'unindexed' | 'unindexedMax'>;
  /** The figures of this process. */
  figures?: () => Promise<unknown>;
}

/** The figures of all processes. */
export interface GatheredFigures {
  /** One of each process that answered, the store's first. */
  processes: unknown[];
  /** Workers that are connected, and those of them that did not answer in time. */
  workers: number;
  missing: number;
}

const NO_LOAD = { unindexed: 0, unindexedMax: 1 };

export class StoreServer implements WorkerHost {
  readonly store: EventStore;
  readonly logger: Logger;
  private readonly server: Server;
  private readonly connections = new Set<WorkerConnection>();
  private readonly workers = new Set<WorkerConnection>();
  private told: StoreLoad | undefined;
  private looks = 0;
  private closing: Promise<void> | undefined;
  private readonly beat: NodeJS.Timeout;

  private constructor(private readonly options: StoreServerOptions) {
    this.store = options.store;
    this.logger = options.logger;
    this.server = createServer((socket) => {
      this.connections.add(new WorkerConnection(socket, this));
    });
    this.beat = setInterval(() => this.tellLoad(), limits.loadTellMs).unref();
  }

  /**
   * Listens; only the owner of the data directory may call this. The socket is for processes of the same user. What a
   * killed store left at the path is removed. INVALID_SETTINGS if another store listens there.
   */
  static async listen(options: StoreServerOptions): Promise<StoreServer> {
    await removeStaleSocket(options.path);
    const started = new StoreServer(options);
    const { server } = started;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).once('listening', resolve);
      // The mode is there from the first moment on: listening is done when the call comes back.
      const umask = process.umask(0o177);
      try {
        server.listen(options.path);
      } finally {
        process.umask(umask);
      }
    });
    return started;
  }

  /** How many workers are connected. */
  get workerCount(): number {
    return this.workers.size;
  }

  hello(): StoreHello {
    const { version, store } = this.options;
    const load = { ...this.load(), workers: this.workers.size + 1 };
    return { protocol: PROTOCOL, version, durability: store.durability, load };
  }

  isClosing(): boolean {
    return this.closing !== undefined;
  }

  joined(connection: WorkerConnection): void {
    this.workers.add(connection);
    this.tellLoad();
  }

  left(connection: WorkerConnection): void {
    this.connections.delete(connection);
    if (this.workers.delete(connection)) this.tellLoad();
  }

  async figures(): Promise<GatheredFigures> {
    const workers = [...this.workers];
    const own = this.options.figures?.();
    const answers = await Promise.all(workers.map((worker) => worker.ask()));
    const processes = answers.filter((answer) => answer !== undefined);
    const missing = workers.length - processes.length;
    return { processes: [await own, ...processes], workers: workers.length, missing };
  }

  /** Answers what was asked, and further calls with SHUTTING_DOWN; then ends. The store is left open. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    clearInterval(this.beat);
    const closed = new Promise((resolve) => this.server.close(resolve));
    const cut = setTimeout(() => {
      for (const connection of this.connections) connection.destroy();
    }, limits.shutdownMs);
    await Promise.all([...this.connections].map((connection) => connection.close()));
    await closed;
    clearTimeout(cut);
  }

  private load(): StoreLoad {
    const { unindexed, unindexedMax } = this.options.load?.() ?? NO_LOAD;
    return { workers: this.workers.size, unindexed, unindexedMax };
  }

  /** Tells what has changed; and now and then also that nothing has, which shows that the store is alive. */
  private tellLoad(): void {
    const load = this.load();
    this.looks += 1;
    const isDue = this.looks * limits.loadTellMs >= limits.storeBeatMs;
    if (!isDue && this.told?.workers === load.workers && this.told.unindexed === load.unindexed) return;
    this.told = load;
    this.looks = 0;
    for (const worker of this.workers) worker.tell(KIND.load, load);
  }
}
