/** The real service as a child process, started as a user would start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { programLine } from './run-program.js';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** The service ended before it listened. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';

  constructor(readonly exit: Exit) {
    super(`the service did not start (${exit.signal ?? `exit code ${exit.code}`}): ${exit.stderr.trim()}`);
  }
}

/** All in one process, or one of several. */
export type ServiceCommand = 'serve' | 'store' | 'api';

export class ServiceProcess {
  /** Where it listens, such as `http://127.0.0.1:40001`; empty until `listening`, and for a store alone. */
  url = '';
  /** From the spawn until it listened, in milliseconds. */
  startMs = 0;

  private constructor(
    private readonly child: ChildProcess,
    /** Resolves once it listens; rejects with StartFailed. */
    readonly listening: Promise<void>,
    readonly exited: Promise<Exit>,
  ) {}

  /**
   * Starts it on a free port of the loopback interface, with no settings but those given. `within` is the command
   * that runs the service's, such as one that enters a namespace. `command` is what of the service it is.
   */
  static spawn(
    dataDir: string,
    env: Readonly<Record<string, string>> = {},
    within?: readonly string[],
    command: ServiceCommand = 'serve',
  ): ServiceProcess {
    const [file, ...args] = programLine([command, '--port', '0', '--data-dir', dataDir], within);
    const startedMs = performance.now();
    const child = spawn(file, args, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const exited = once(child, 'close').then(
      ([code, signal]): Exit => ({ code, signal, stderr }),
      // The command could not be run.
      (error: Error): Exit => ({ code: null, signal: null, stderr: error.message }),
    );
    const listening = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { msg, url = '' } = JSON.parse(line) as { msg: string; url?: string };
        if (msg === 'listening') resolve(url);
      });
    });
    const ready = Promise.race([listening, exited]).then((first) => {
      if (typeof first !== 'string') throw new StartFailed(first);
      service.url = first;
      service.startMs = performance.now() - startedMs;
    });
    // Whoever kills it while it starts does not wait for this.
    ready.catch(() => undefined);
    const service = new ServiceProcess(child, ready, exited);
    return service;
  }

  /** The same, and resolves once it listens. Rejects with StartFailed. */
  static async start(
    dataDir: string,
    env?: Readonly<Record<string, string>>,
    within?: readonly string[],
    command?: ServiceCommand,
  ): Promise<ServiceProcess> {
    const service = ServiceProcess.spawn(dataDir, env, within, command);
    await service.listening;
    return service;
  }

  /** Of the process that was spawned. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Ends it with a signal and resolves once it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    return this.exited;
  }

  /** Sends it a signal that need not end it. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
