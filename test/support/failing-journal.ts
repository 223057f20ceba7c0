/**
 * Loaded into a service before its own code (`--import`): from the moment that a file exists, whatever is written
 * to the journal reaches the file and cannot be made durable. Each such write leaves a byte in the file.
 */
import { appendFileSync, existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const failsWhen = process.env.JOURNAL_FAILS_WHEN;
const { open } = fs;

if (failsWhen !== undefined) {
  fs.open = async (path, ...rest) => {
    const handle = await open(path, ...rest);
    if (!String(path).endsWith('.journal')) return handle;
    const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    const failing = async (...args: unknown[]): Promise<unknown> => {
      const written = await write(...args);
      if (!existsSync(failsWhen)) return written;
      appendFileSync(failsWhen, '.');
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO', syscall: 'write' });
    };
    return Object.assign(handle, { write: failing });
  };
  syncBuiltinESMExports();
}
