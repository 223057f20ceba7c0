/**
 * A file that others replace while the service runs: its value is made anew when it has changed.
 *
 * It is looked at by time and not by a notice of the kernel: notices are lost on some file systems, and when a file is
 * replaced by renaming. What cannot be used leaves the last good value in place, since a slip of the pen must not lock a
 * clinic out; it is reported, once. A file that is missing is an answer of its own: it holds nothing.
 */
import * as fs from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface WatchedFileOptions<T> {
  path: string;
  /** Makes the value of a text; `undefined` if there is no file. What it throws at the opening stops the start. */
  parse: (text: string | undefined) => T;
  pollMs: number;
  /** The file has changed, and its value with it. */
  onChange?: () => void;
  /** The file has changed and cannot be used: the value stays. */
  onProblem: (error: unknown) => void;
}

interface Content {
  text: string | undefined;
  /** Differs whenever the file was replaced or written to. */
  signature: string;
}

const MISSING: Content = { text: undefined, signature: 'missing' };

export class WatchedFile<T> {
  readonly #stop = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  #signature: string;
  #reported: string | undefined;

  private constructor(
    private readonly options: WatchedFileOptions<T>,
    private current: T,
    content: Content,
  ) {
    this.#signature = content.signature;
  }

  /** Reads the file, and looks at it every `pollMs` from then on. Throws what `parse` and the file system throw. */
  static async open<T>(options: WatchedFileOptions<T>): Promise<WatchedFile<T>> {
    const content = await read(options.path);
    const watched = new WatchedFile(options, options.parse(content.text), content);
    watched.#watching = watched.#watch();
    return watched;
  }

  get value(): T {
    return this.current;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { pollMs, onProblem } = this.options;
    const wait = { signal: this.#stop.signal, ref: false };
    while (await delay(pollMs, true, wait).catch(() => false)) {
      try {
        if (await this.#look()) this.#reported = undefined;
      } catch (error) {
        if (String(error) !== this.#reported) onProblem(error);
        this.#reported = String(error);
      }
    }
  }

  /** Whether the file was there anew. */
  async #look(): Promise<boolean> {
    const { path, parse, onChange } = this.options;
    if ((await signatureOf(path)) === this.#signature) return false;
    const content = await read(path);
    this.#signature = content.signature;
    this.current = parse(content.text);
    onChange?.();
    return true;
  }
}

async function signatureOf(path: string): Promise<string> {
  try {
    return signature(await fs.stat(path, { bigint: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return MISSING.signature;
    throw error;
  }
}

/** The text with the signature that it was read under: a change after that shows at the next look. */
async function read(path: string): Promise<Content> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return MISSING;
    throw error;
  }
  try {
    const before = signature(await file.stat({ bigint: true }));
    return { text: await file.readFile('utf8'), signature: before };
  } finally {
    await file.close();
  }
}

function signature({ ino, size, mtimeNs, ctimeNs }: Record<'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>) {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
