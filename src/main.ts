/** What `npm start` runs: `fi-consult serve` with the settings of the environment. */
process.argv.splice(2, 0, 'serve');
await import('./cli/fi-consult.js');
