/**
 * The service in several processes: one store, which alone owns the data directory, and API workers on one port.
 * docs/operating.md, "Several processes", says how to use it. Settings are the environment's, as for `npm start`.
 */
const { availableParallelism } = require('node:os');
const { join } = require('node:path');

/** A bad FI_WORKERS is refused by the processes themselves, which say what is allowed. */
function workerCount(text = 'auto') {
  return /^[1-9][0-9]?$/.test(text) ? Number(text) : Math.min(4, Math.max(1, availableParallelism() - 1));
}

const common = {
  // Started means: it serves. A store that finds much to recover takes longer, and is waited for.
  wait_ready: true,
  listen_timeout: 60_000,
  // A process that ends is started again, for ever, after a tenth of a second at first and 15 seconds at the most.
  exp_backoff_restart_delay: 100,
  max_restarts: 1_000_000,
  // Longer than a graceful stop takes: limits.drainMs and limits.shutdownMs.
  kill_timeout: 20_000,
  // Nothing of pm2 inside our processes, and no look at the repository.
  pmx: false,
  vizion: false,
};

const store = {
  ...common,
  name: 'store',
  script: join(__dirname, 'dist/src/cli/fi-consult.js'),
  args: 'store',
  exec_mode: 'fork',
  instances: 1,
};

const api = {
  ...common,
  name: 'api',
  script: join(__dirname, 'dist/src/api-worker.js'),
  exec_mode: 'cluster',
  instances: workerCount(process.env.FI_WORKERS),
};

module.exports = { apps: [store, api] };
