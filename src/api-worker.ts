/**
 * What pm2 runs as an API worker: `fi-consult api` with the settings of the environment. In cluster mode a process has
 * the arguments of whatever forked it before its own, so all of them are replaced.
 */
process.argv.splice(2, process.argv.length, 'api');
await import('./cli/fi-consult.js');
