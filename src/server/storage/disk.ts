// The few calls that the storage code makes on a file system, so that a simulated one can stand in.
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import type { ByteSource } from '../../wire/byteSource.ts';
import { makeDirs } from './makeDirs.ts';
import { codeOf, diskError, NO_FILE, StorageError } from './storageError.ts';

/** Every call that fails throws, or hands over, a StorageError that names the file. */
export interface DiskFile extends ByteSource {
  readonly path: string;
  /** Writes all of `bytes` at `position`; not durable before a sync. */
  write(bytes: Uint8Array, position: number): void;
  /** As `write`, off the event loop; `bytes` must not change until it is done. */
  writeLater(bytes: Uint8Array, position: number, done: Done): void;
  /** Cuts, or extends with zeros. */
  truncate(length: number): void;
  /** Makes contents and length durable (fdatasync). */
  sync(): void;
  syncLater(done: Done): void;
  /** Whether its path still leads to it: it was not removed, moved or hidden by another file system. */
  isInPlace(): boolean;
  close(): void;
}

export type Done = (error: Error | null) => void;

/** `read`: must exist. `update`: must exist, read and write. `create`: must not exist. */
export type OpenMode = 'read' | 'update' | 'create';

export interface Disk {
  open(path: string, mode: OpenMode): DiskFile;
  /** Names in a directory; empty when there is no such directory. */
  list(dir: string): string[];
  /** Makes a directory and its parents, durably. */
  makeDir(dir: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Makes creations, renames and removals in `dir` durable. */
  syncDir(dir: string): void;
  syncDirLater(dir: string, done: Done): void;
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK } = fs.constants;

/** Not to wait for ever for the other end of a pipe that stands in a file's place. */
const FLAGS = {
  read: O_RDONLY | O_NONBLOCK,
  update: O_RDWR | O_NONBLOCK,
  create: O_RDWR | O_CREAT | O_EXCL,
} as const;

/** The file system of the machine. */
export const realDisk: Disk = {
  open(path, mode) {
    return attempt(`${mode === 'create' ? 'create' : 'open'} it`, path, () => {
      const fd = fs.openSync(path, FLAGS[mode], 0o644);
      const stats = fs.fstatSync(fd);
      if (stats.isFile()) return new RealFile(path, fd, stats);
      fs.closeSync(fd);
      throw new StorageError({ file: path, ...NO_FILE });
    });
  },
  list(dir) {
    try {
      return fs.readdirSync(dir);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw diskError('list it', dir, error);
    }
  },
  makeDir(dir) {
    attempt('make the directory', dir, () => {
      const first = makeDirs(dir);
      if (first === undefined) return;
      for (let made = dir; ; made = dirname(made)) {
        syncDirNow(dirname(made));
        if (made === first || made === dirname(made)) break;
      }
    });
  },
  rename: (from, to) => attempt('rename it', from, () => fs.renameSync(from, to)),
  remove: (path) => attempt('remove it', path, () => fs.unlinkSync(path)),
  syncDir: (dir) => attempt('sync the directory', dir, () => syncDirNow(dir)),
  syncDirLater(dir, done) {
    fs.open(dir, 'r', (openError, fd) => {
      if (openError) return done(diskError('sync the directory', dir, openError));
      fs.fsync(fd, (error) => {
        fs.close(fd, () => done(error ? diskError('sync the directory', dir, error) : null));
      });
    });
  },
};

function syncDirNow(dir: string): void {
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function attempt<T>(action: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw diskError(action, path, error);
  }
}

class RealFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  readonly #inode: number;
  readonly #device: number;
  #size: number;

  constructor(path: string, fd: number, { ino, dev, size }: fs.Stats) {
    this.path = path;
    this.#fd = fd;
    this.#inode = ino;
    this.#device = dev;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  read(target: Uint8Array, position: number): number {
    return attempt('read it', this.path, () =>
      fs.readSync(this.#fd, target, 0, target.length, position),
    );
  }

  write(bytes: Uint8Array, position: number): void {
    attempt('write it', this.path, () => {
      // A disk that fills up takes a part first and says ENOSPC only to the rest.
      for (let at = 0; at < bytes.length; ) {
        at += fs.writeSync(this.#fd, bytes, at, bytes.length - at, position + at);
      }
    });
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  writeLater(bytes: Uint8Array, position: number, done: Done): void {
    fs.write(this.#fd, bytes, 0, bytes.length, position, (error, written) => {
      if (error) return done(diskError('write it', this.path, error));
      this.#size = Math.max(this.#size, position + written);
      if (written === bytes.length) return done(null);
      this.writeLater(bytes.subarray(written), position + written, done);
    });
  }

  truncate(length: number): void {
    attempt('set its length', this.path, () => fs.ftruncateSync(this.#fd, length));
    this.#size = length;
  }

  sync(): void {
    attempt('sync it', this.path, () => fs.fdatasyncSync(this.#fd));
  }

  syncLater(done: Done): void {
    fs.fdatasync(this.#fd, (error) => {
      done(error ? diskError('sync it', this.path, error) : null);
    });
  }

  isInPlace(): boolean {
    return attempt('look at it', this.path, () => {
      const found = fs.statSync(this.path, { throwIfNoEntry: false });
      return found?.ino === this.#inode && found.dev === this.#device;
    });
  }

  close(): void {
    attempt('close it', this.path, () => fs.closeSync(this.#fd));
  }
}
