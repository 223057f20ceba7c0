/**
 * A store and so many API workers that share a port, as a process manager would run them: Node's cluster accepts the
 * connections and deals them out in turn.
 *
 * Takes the data directory and the number of workers. Prints one line with the URL and the ids of all processes, by what
 * they do, once all of them listen; at SIGTERM it ends the workers, then the store, and then itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));
const HOST = '127.0.0.1';
const [dataDir = '', workers = '1'] = process.argv.slice(2);

const store = spawn(process.execPath, [PROGRAM, 'store', '--data-dir', dataDir], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await logged(store, 'listening');
cluster.setupPrimary({ exec: PROGRAM, args: ['api', '--port', '0', '--data-dir', dataDir], silent: true });
const started = Array.from({ length: Number(workers) }, () => cluster.fork());
const ports = await Promise.all(
  started.map(async (worker) => {
    worker.process.stdout?.resume();
    worker.process.stderr?.pipe(process.stderr);
    const [address] = (await once(worker, 'listening')) as [{ port: number }];
    return address.port;
  }),
);
const roles = {
  dealer: [process.pid],
  store: [store.pid],
  workers: started.map((worker) => worker.process.pid),
};
process.stdout.write(`${JSON.stringify({ url: `http://${HOST}:${ports[0]}`, roles })}\n`);

process.once('SIGTERM', async () => {
  // Nobody asks any more. A worker that is let go of ends at once; one that is told to stop would wait for it.
  await Promise.all(started.map((worker) => ended(worker.process, () => worker.process.disconnect())));
  await ended(store, () => store.kill('SIGTERM'));
  process.exit(0);
});

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  end();
  await exited;
}

/** Waits for a line of the log, and goes on reading what follows. */
async function logged(child: ChildProcess, message: string): Promise<void> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the store has no standard output');
  const exited = once(child, 'exit');
  const found = new Promise((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      if ((JSON.parse(line) as { msg?: unknown }).msg === message) resolve(undefined);
    });
  });
  if ((await Promise.race([found, exited])) !== undefined)
    throw new Error('the store ended before it listened');
}
