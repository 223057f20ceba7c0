/**
 * The store and its API workers as processes, started as a user would start them. Each worker has a port of its own, so
 * that a test or a benchmark can choose whom it asks; what is killed is not started again by anybody else.
 */
import { ServiceProcess } from '../../src/cli/torture/service-process.js';

export interface ClusterOptions {
  workers: number;
  /** Settings by their FI_ names, for all of them. */
  env?: Readonly<Record<string, string>>;
}

export class ClusterProcesses {
  private constructor(
    readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
    /** Replaced by `restartStore`. */
    public store: ServiceProcess,
    /** Each is replaced by `restartWorker`. */
    readonly workers: ServiceProcess[],
  ) {}

  /** Resolves once all of them serve. */
  static async start(dataDir: string, { workers, env = {} }: ClusterOptions): Promise<ClusterProcesses> {
    const store = await ServiceProcess.start(dataDir, env, undefined, 'store');
    const started = new ClusterProcesses(dataDir, env, store, []);
    for (let index = 0; index < workers; index += 1) started.workers.push(started.spawnWorker());
    try {
      await Promise.all(started.workers.map(({ listening }) => listening));
    } catch (error) {
      await started.end('SIGKILL');
      throw error;
    }
    return started;
  }

  /** Where the workers listen. */
  get urls(): string[] {
    return this.workers.map(({ url }) => url);
  }

  /** Starts a store in the place of the one that was ended; resolves once it serves. */
  async restartStore(): Promise<void> {
    this.store = ServiceProcess.spawn(this.dataDir, this.env, undefined, 'store');
    await this.store.listening;
  }

  /** Starts a worker in the place of one that was ended, on another port; resolves once it serves. */
  async restartWorker(index: number): Promise<void> {
    const worker = this.spawnWorker();
    this.workers[index] = worker;
    await worker.listening;
  }

  /** Ends all of them; workers first, so that what they have in flight is finished. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.end(signal)));
    await this.store.end(signal);
  }

  private spawnWorker(): ServiceProcess {
    return ServiceProcess.spawn(this.dataDir, this.env, undefined, 'api');
  }
}
