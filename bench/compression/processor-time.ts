/** Rates in processor time: what else runs on the machine then counts little, and so does the disk. */

/** The milliseconds of processor time, of all threads of this process, that `work` takes, and what it gives. */
export async function timed<T>(work: () => T | Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { value, milliseconds: (user + system) / 1000 };
}

/** MB (10^6 bytes) a second; the clock of processor time may not have moved, and then a microsecond passed. */
export const megabytesPerSecond = (bytes: number, milliseconds: number): number =>
  bytes / 1e3 / Math.max(milliseconds, 0.001);
