/** The TCP ports on loopback that a process listens on, and the signals it handles, as Linux tells by /proc. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** `st` in /proc/net/tcp of a socket that listens. */
const LISTENING = '0A';
/** The local address ends with the port, in hexadecimal; these are 127.0.0.1, ::1 and the unspecified ones. */
const REACHED_BY_LOOPBACK =
  /^(0100007F|00000000|0{24}01000000|0{32}|0{16}FFFF00000100007F):(?<port>[0-9A-F]{4})$/;
/** Signal 10 is bit 9 of the mask. */
const SIGUSR1_BIT = 1n << 9n;

/** In no order; `undefined` without /proc. */
export async function listeningPorts(pid: number): Promise<number[] | undefined> {
  const inodes = await socketInodes(pid);
  if (inodes === undefined) return undefined;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const port = REACHED_BY_LOOPBACK.exec(local)?.groups?.port;
      return state === LISTENING && port !== undefined && inodes.has(inode)
        ? [Number.parseInt(port, 16)]
        : [];
    }),
  );
}

/** Whether a process handles SIGUSR1, which would end it otherwise; `undefined` without /proc. */
export async function handlesSigusr1(pid: number): Promise<boolean | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const mask = /^SigCgt:\s+([0-9a-f]+)/m.exec(status ?? '')?.[1];
  return mask === undefined ? undefined : (BigInt(`0x${mask}`) & SIGUSR1_BIT) !== 0n;
}

/** The path of the program that a process runs; `undefined` without /proc, or without the right to know. */
export function programOf(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/exe`).catch(() => undefined);
}

async function socketInodes(pid: number): Promise<Set<string> | undefined> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => undefined);
  if (descriptors === undefined) return undefined;
  const targets = await Promise.all(
    // A descriptor may be closed since it was listed.
    descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')),
  );
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}
