/** The real service as a child process, started as a user would start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly exited: Promise<Exit>,
  ) {}

  /** Starts it and resolves once it listens; rejects with what it wrote to standard error if it does not. */
  static async start(dataDir: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--data-dir', dataDir], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal, stderr }));
    const listening = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { msg, url } = JSON.parse(line) as { msg: string; url: string };
        if (msg === 'listening') resolve(url);
      });
    });
    const url = await Promise.race([listening, exited]);
    if (typeof url !== 'string') throw new Error(`the service did not start: ${url.stderr}`);
    return new ServiceProcess(child, url, exited);
  }

  /** Ends it with a signal and resolves once it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }
}
