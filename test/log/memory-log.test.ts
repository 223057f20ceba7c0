import { MemoryLog } from '../../src/log/memory-log.js';
import { commitLogContract } from './commit-log.contract.js';

commitLogContract('MemoryLog', async () => {
  const log = new MemoryLog();
  return { log, dispose: () => log.close() };
});
