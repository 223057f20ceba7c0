/** A disk that is the machine's own, except where a test says otherwise. */
import type { Disk, DiskFile } from '../../src/ops/disk.js';

export interface Faults {
  /** Called before each write; what it throws is what the write fails with, after `partialBytes` were written. */
  beforeWrite?: (path: string, data: Uint8Array, offset: number) => void;
  partialBytes?: number;
  beforeTruncate?: (path: string) => void;
  /** Given what each read read, which it may change. */
  afterRead?: (path: string, bytes: Buffer) => void;
}

export function diskError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}

export function faultyDisk(disk: Disk, faults: Faults): Disk {
  return {
    ...disk,
    async open(path, options) {
      const file = await disk.open(path, options);
      const faulty: DiskFile = {
        ...file,
        async write(data, offset) {
          try {
            faults.beforeWrite?.(path, data, offset);
          } catch (error) {
            if (faults.partialBytes) await file.write(data.subarray(0, faults.partialBytes), offset);
            throw error;
          }
          await file.write(data, offset);
        },
        async read(offset, length) {
          const bytes = await file.read(offset, length);
          faults.afterRead?.(path, bytes);
          return bytes;
        },
        async truncate(length) {
          faults.beforeTruncate?.(path);
          await file.truncate(length);
        },
      };
      return faulty;
    },
  };
}
