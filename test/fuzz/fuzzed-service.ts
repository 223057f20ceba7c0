/** The real service as a child process that says, when asked, how much memory it holds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PROGRAM } from '../support/program.js';

const PROBE = fileURLToPath(new URL('memory-probe.js', import.meta.url));

/** Bytes, right after a collection of garbage. */
export interface MemoryUse {
  heapBytes: number;
  externalBytes: number;
  rssBytes: number;
}

export class FuzzedService {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Log lines of the levels error and fatal, and what is no log line: there should be none. */
    readonly complaints: readonly string[],
    private readonly exited: Promise<number | null>,
  ) {}

  static async start(
    dataDir: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<FuzzedService> {
    const flags = ['--expose-gc', '--import', PROBE];
    const args = [...flags, PROGRAM, 'serve', '--port', '0', '--data-dir', dataDir];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, ...settings },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const complaints: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
    const exited = once(child, 'close').then(([code]) => code as number | null);
    const port = await new Promise<number>((resolve, reject) => {
      exited.then(() => reject(new Error(`the service did not start: ${complaints.join('')}`)));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const { level, msg, url } = JSON.parse(line) as { level: string; msg: string; url?: string };
        if (msg === 'listening' && url !== undefined) resolve(Number(new URL(url).port));
        if (level === 'error' || level === 'fatal') complaints.push(line);
      });
    });
    return new FuzzedService(child, port, complaints, exited);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async memoryUse(): Promise<MemoryUse> {
    const answer = new Promise<MemoryUse>((resolve) => {
      const hear = (message: unknown): void => {
        // It also says that it is ready, to whoever supervises it.
        if (typeof message !== 'object') return;
        this.child.off('message', hear);
        resolve(message as MemoryUse);
      };
      this.child.on('message', hear);
    });
    this.child.send('memory');
    return answer;
  }

  /** Stops it gracefully and gives its exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
