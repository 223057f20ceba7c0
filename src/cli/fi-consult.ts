#!/usr/bin/env node
/** The `fi-consult` program: connects the commands to this process. */
import { readFileSync } from 'node:fs';
import { limits } from '../domain/limits.js';
import { yieldProcessToOthers } from '../ops/thread-priority.js';
import type { StopSignal } from './command-context.js';
import { errorLine } from './command-error.js';
import { openStore } from './open-store.js';
import { runCli } from './run-cli.js';

function packageVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function onStop(listener: (signal: StopSignal) => void): () => void {
  const stopListening = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  const stop = (signal: NodeJS.Signals): void => {
    stopListening();
    listener(signal === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return stopListening;
}

/** Nothing more can be stored, and recovery at the next start decides what was: end at once. */
function onFailed(error: Error): never {
  process.stderr.write(`fi-consult: the store failed: ${errorLine(error)}\n`);
  process.exit(1);
}

process.exitCode = await runCli(process.argv.slice(2), packageVersion(), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onStop,
  // There is a channel only to a parent that asked for one, as pm2 does.
  ready: () => {
    // A parent that has gone meanwhile is no reason to stop.
    if (process.connected) process.send?.('ready', undefined, undefined, () => undefined);
  },
  letOthersGoFirst: () => yieldProcessToOthers(limits.toolNice),
  exitNow: (exitCode) => process.exit(exitCode),
  openStore: (dataDir) => openStore({ env: process.env, dataDir, logTo: process.stderr, onFailed }),
});
// The channel to a parent would keep a process alive that has nothing more to do.
if (process.connected) process.disconnect();
