/**
 * Counts what makes data durable, from the outside: the system calls of a server as strace writes them down.
 *
 * Durable are fsync and fdatasync of a file below a directory, msync that waits, and each write to a file there that was
 * opened with O_DSYNC or O_SYNC. A call counts once it has returned.
 */
const CALLS = 'openat,fsync,fdatasync,msync,write,writev,pwrite64,pwritev,pwritev2';

/** Arguments of strace for `SyncCounter`; the program and its own come after them. */
export function straceArguments(output: string): string[] {
  return ['-f', '-y', '-qq', '-s', '0', '-e', `trace=${CALLS}`, '-e', 'signal=none', '-o', output];
}

/** Reads the lines of one trace, in order. */
export class SyncCounter {
  private readonly syncedPaths = new Set<string>();
  /** Threads in a durable call that has not returned. */
  private readonly pending = new Set<string>();
  private rest = '';
  /** Durable calls that returned. */
  count = 0;

  constructor(private readonly directory: string) {}

  /** Takes in the next part of the trace, which may end within a line. */
  take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.takeLine(line);
  }

  private takeLine(line: string): void {
    const [, thread = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (call.startsWith('<... ')) {
      if (this.pending.delete(thread)) this.count += 1;
      return;
    }
    const opened = /^openat\([^"]*"([^"]*)", (\S+)/.exec(call);
    if (opened !== null) {
      const [, path = '', flags = ''] = opened;
      if (/\bO_D?SYNC\b/.test(flags)) this.syncedPaths.add(path);
    } else if (this.isDurable(call)) {
      if (call.endsWith('<unfinished ...>')) this.pending.add(thread);
      else this.count += 1;
    }
  }

  private isDurable(call: string): boolean {
    if (call.startsWith('msync(')) return call.includes('MS_SYNC');
    const [, name = '', path = ''] = /^(\w+)\(\d+<([^>]*)>/.exec(call) ?? [];
    if (!path.startsWith(this.directory)) return false;
    return name === 'fsync' || name === 'fdatasync' || this.syncedPaths.has(path);
  }
}
