/**
 * Leads the file system calls of the HDF5 library to the disk's port.
 *
 * The library was compiled to call an object of JavaScript functions for its files. Those that get a path or a
 * stream of ours are answered here; all others, such as the loading of a filter's plugin, stay with the library.
 */
import { basename } from 'node:path';
import type { BlockingDisk, BlockingFile } from '../ops/blocking-disk.js';

/** An open file, as the library keeps it; `file` is there if it is one of ours. */
interface LibraryStream {
  readonly fd: number;
  flags: number;
  position: number;
  file?: BlockingFile;
}

interface LibraryStatus {
  dev: number;
  ino: number;
  mode: number;
  size: number;
}

/** The functions that the library calls; there are more of them than we need. */
interface LibraryFiles {
  ErrnoError: new (errno: number) => Error;
  createStream(stream: object): LibraryStream;
  closeStream(fd: number): void;
  getStreamChecked(fd: number): LibraryStream;
  open(path: string, flags: number, mode?: number): LibraryStream;
  close(stream: LibraryStream): void;
  stat(path: string, dontFollow?: boolean): LibraryStatus;
  fstat(fd: number): LibraryStatus;
  ftruncate(fd: number, length: number): void;
  llseek(stream: LibraryStream, offset: number, whence: number): number;
  read(stream: LibraryStream, target: Uint8Array, offset: number, length: number, position?: number): number;
  write(stream: LibraryStream, source: Uint8Array, offset: number, length: number, position?: number): number;
}

/** Numbers of the library's C library (WASI), which come back as texts in its errors. */
const ERRNO: Readonly<Record<string, number>> = {
  EACCES: 2,
  EDQUOT: 19,
  EEXIST: 20,
  EFBIG: 22,
  EIO: 29,
  EMFILE: 33,
  ENFILE: 41,
  ENOENT: 44,
  ENOSPC: 51,
  EPERM: 63,
  EROFS: 69,
};
const EIO = 29;
const EINVAL = 28;
/** Of `open`, as the library was compiled: for writing as well; and empty it. */
const WRITING = 0o3;
const TRUNCATING = 0o1000;
const SEEK_CURRENT = 1;
const SEEK_END = 2;
const REGULAR_FILE = 0o100640;
/** No directory of the machine has this name, so that no path is taken for one of ours. */
const ROOT = '/fi-consult disk';

/** The files that the library may open by the disk's port: a name of their own for each. */
export class LibraryDisk {
  readonly #places = new Map<string, { disk: BlockingDisk; path: string }>();
  #next = 1;

  /** `files` is the object whose functions the library calls; they are replaced. */
  constructor(files: object) {
    this.#replace(files as LibraryFiles);
  }

  /** A name by which the library may open a file until it is withdrawn. Ends in the file's own name. */
  announce(disk: BlockingDisk, path: string): string {
    const name = `${ROOT}/${this.#next}/${basename(path)}`;
    this.#next += 1;
    this.#places.set(name, { disk, path });
    return name;
  }

  withdraw(name: string): void {
    this.#places.delete(name);
  }

  #open(name: string, mode: 'read' | 'write'): BlockingFile | undefined {
    const place = this.#places.get(name);
    return place?.disk.open(place.path, mode);
  }

  #replace(files: LibraryFiles): void {
    const { open, close, stat, fstat, ftruncate, llseek, read, write } = files;
    const translating = <T>(action: () => T): T => {
      try {
        return action();
      } catch (error) {
        throw new files.ErrnoError(ERRNO[(error as NodeJS.ErrnoException).code ?? ''] ?? EIO);
      }
    };
    files.open = (path, flags, mode) => {
      const file = translating(() => this.#open(path, (flags & WRITING) === 0 ? 'read' : 'write'));
      if (file === undefined) return open(path, flags, mode);
      if ((flags & TRUNCATING) !== 0) translating(() => file.truncate(0));
      return files.createStream({ file, path, flags, position: 0, seekable: true });
    };
    files.close = (stream) => {
      const { file } = stream;
      if (file === undefined) return close(stream);
      files.closeStream(stream.fd);
      translating(() => file.close());
    };
    files.stat = (path, dontFollow) => {
      const file = translating(() => this.#open(path, 'read'));
      if (file === undefined) return stat(path, dontFollow);
      try {
        return translating(() => statusOf(file));
      } finally {
        file.close();
      }
    };
    files.fstat = (fd) => {
      const { file } = files.getStreamChecked(fd);
      return file === undefined ? fstat(fd) : translating(() => statusOf(file));
    };
    files.ftruncate = (fd, length) => {
      const { file } = files.getStreamChecked(fd);
      if (file === undefined) ftruncate(fd, length);
      else translating(() => file.truncate(length));
    };
    files.llseek = (stream, offset, whence) => {
      const { file } = stream;
      if (file === undefined) return llseek(stream, offset, whence);
      let position = offset;
      if (whence === SEEK_CURRENT) position += stream.position;
      if (whence === SEEK_END) position += translating(() => file.status().bytes);
      if (position < 0) throw new files.ErrnoError(EINVAL);
      stream.position = position;
      return position;
    };
    files.read = (stream, target, offset, length, position) => {
      const { file } = stream;
      if (file === undefined) return read(stream, target, offset, length, position);
      const bytes = translating(() =>
        file.read(target.subarray(offset, offset + length), position ?? stream.position),
      );
      if (position === undefined) stream.position += bytes;
      return bytes;
    };
    files.write = (stream, source, offset, length, position) => {
      const { file } = stream;
      if (file === undefined) return write(stream, source, offset, length, position);
      translating(() => file.write(source.subarray(offset, offset + length), position ?? stream.position));
      if (position === undefined) stream.position += length;
      return length;
    };
  }
}

function statusOf(file: BlockingFile): LibraryStatus {
  const { bytes, device, inode } = file.status();
  const time = new Date(0);
  const rest = { nlink: 1, uid: 0, gid: 0, rdev: 0, blocks: 0, atime: time, mtime: time, ctime: time };
  return { dev: device, ino: inode, mode: REGULAR_FILE, size: bytes, ...rest };
}
