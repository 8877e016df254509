// A disk in memory that forgets what was not synced: files and names have a durable and a current
// state, and a crash keeps any part of the difference.
import type { Disk, DiskFile, Done, OpenMode } from '../../src/server/storage/disk.ts';
import { diskError } from '../../src/server/storage/storageError.ts';

/** Thrown by every call from the chosen one on: the machine is gone. */
export class SimCrash extends Error {
  override name = 'SimCrash';
}

/**
 * What a crash leaves of unsynced changes. `process`: all (only the process died). `none`: nothing.
 * `prefix`: the first of them, the last one torn. `subset`: any sectors and names. `stale`: as
 * subset, with older bytes of the file where sectors were lost.
 */
export type CrashMode = 'process' | 'none' | 'prefix' | 'subset' | 'stale';

export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Change = { position: number; bytes: Buffer } | { length: number };
type NameChange =
  | { kind: 'link'; path: string; inode: Inode }
  | { kind: 'unlink'; path: string }
  | { kind: 'rename'; from: string; to: string };

const SECTOR = 512;

class Inode {
  content: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  unsynced: Change[] = [];
}

function changed(content: Buffer, change: Change): Buffer {
  if ('length' in change) return resized(content, change.length);
  const { position, bytes } = change;
  const result = resized(content, Math.max(content.length, position + bytes.length));
  bytes.copy(result, position);
  return result;
}

function resized(content: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  content.copy(result);
  return result;
}

const dirOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export class SimDisk implements Disk {
  readonly #names = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];
  #queue: (() => void)[] = [];
  #isDead = false;
  /** Calls made so far; the call with number `crashAt` finds the machine gone. */
  calls = 0;
  crashAt = Number.POSITIVE_INFINITY;
  /** Gives an error (`EIO`) for a call that shall fail, or null. */
  fault: (call: string, path: string) => string | null = () => null;
  readonly trace: string[] = [];

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Lets what was asked for asynchronously be done. */
  turn(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const work of queue) if (!this.#isDead) work();
  }

  /** The disk as a restarted machine finds it. */
  crash(mode: CrashMode, random: Random): SimDisk {
    if (mode === 'process') return this.copy();
    const next = new SimDisk();
    const names = this.#survivingNames(mode, random);
    const copies = new Map<Inode, Inode>();
    for (const [path, inode] of names) {
      const copy = copies.get(inode) ?? new Inode();
      if (!copies.has(inode)) {
        copies.set(inode, copy);
        copy.content = survivor(inode, mode, random);
        copy.durable = copy.content;
      }
      next.#names.set(path, copy);
      next.#durableNames.set(path, copy);
    }
    return next;
  }

  #survivingNames(mode: CrashMode, random: Random): Map<string, Inode> {
    const names = new Map(this.#durableNames);
    let left = mode === 'none' ? 0 : Math.floor(random() * (this.#nameChanges.length + 1));
    for (const change of this.#nameChanges) {
      const isKept = mode === 'prefix' ? left-- > 0 : mode !== 'none' && random() < 0.5;
      if (isKept) applyName(names, change);
    }
    return names;
  }

  /** The bytes of a file as they are now. */
  contentOf(path: string): Buffer {
    const inode = this.#names.get(path);
    if (inode === undefined) throw new Error(`no ${path}`);
    return inode.content;
  }

  /** Puts a file there, durably: for tests that damage files. */
  put(path: string, content: Buffer): void {
    const inode = new Inode();
    inode.content = content;
    inode.durable = content;
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  leadsTo(path: string, inode: Inode): boolean {
    return this.#names.get(path) === inode;
  }

  paths(): string[] {
    return [...this.#names.keys()];
  }

  /** The same disk for another process: what is not synced still is not. */
  copy(): SimDisk {
    const next = new SimDisk();
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? Object.assign(new Inode(), inode);
      copies.set(inode, copy);
      copy.unsynced = [...inode.unsynced];
      return copy;
    };
    for (const [path, inode] of this.#names) next.#names.set(path, copyOf(inode));
    for (const [path, inode] of this.#durableNames) next.#durableNames.set(path, copyOf(inode));
    next.#nameChanges = this.#nameChanges.map((change) =>
      change.kind === 'link' ? { ...change, inode: copyOf(change.inode) } : change,
    );
    return next;
  }

  /** Counts a call; throws when the machine is gone or a fault is due. */
  called(call: string, path: string): void {
    if (!this.#isDead && this.calls++ === this.crashAt) this.#isDead = true;
    if (this.#isDead) throw new SimCrash(`${call} ${path}`);
    this.trace.push(`${call} ${path}`);
    const code = this.fault(call, path);
    if (code !== null) throw diskError(call, path, { code });
  }

  later(call: string, path: string, done: Done, work: () => void): void {
    try {
      this.called(call, path);
    } catch (error) {
      if (error instanceof SimCrash) throw error;
      this.#queue.push(() => done(error as Error));
      return;
    }
    this.#queue.push(() => {
      work();
      done(null);
    });
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.called(`open ${mode}`, path);
    let inode = this.#names.get(path);
    if (mode === 'create') {
      if (inode !== undefined) throw diskError('create it', path, { code: 'EEXIST' });
      inode = new Inode();
      this.#names.set(path, inode);
      this.#nameChanges.push({ kind: 'link', path, inode });
    }
    if (inode === undefined) throw diskError('open it', path, { code: 'ENOENT' });
    return new SimFile(this, path, inode);
  }

  list(dir: string): string[] {
    const prefix = `${dir}/`;
    return [...this.#names.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length));
  }

  makeDir(): void {}

  rename(from: string, to: string): void {
    this.called('rename', from);
    const change = { kind: 'rename', from, to } as const;
    applyName(this.#names, change);
    this.#nameChanges.push(change);
  }

  remove(path: string): void {
    this.called('remove', path);
    this.#names.delete(path);
    this.#nameChanges.push({ kind: 'unlink', path });
  }

  syncDir(dir: string): void {
    this.called('syncDir', dir);
    this.#syncNames(dir, this.#nameChanges.length);
  }

  syncDirLater(dir: string, done: Done): void {
    const count = this.#nameChanges.length;
    this.later('syncDir', dir, done, () => this.#syncNames(dir, count));
  }

  #syncNames(dir: string, count: number): void {
    this.#nameChanges = this.#nameChanges.filter((change, i) => {
      const path = change.kind === 'rename' ? change.to : change.path;
      if (i >= count || dirOf(path) !== dir) return true;
      applyName(this.#durableNames, change);
      return false;
    });
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.path, change.inode);
  else if (change.kind === 'unlink') names.delete(change.path);
  else {
    const inode = names.get(change.from);
    if (inode === undefined) return;
    names.delete(change.from);
    names.set(change.to, inode);
  }
}

function survivor(inode: Inode, mode: CrashMode, random: Random): Buffer {
  let content = inode.durable;
  if (mode === 'none') return content;
  const { unsynced } = inode;
  let left = Math.floor(random() * (unsynced.length + 1));
  for (const change of unsynced) {
    if (mode === 'prefix') {
      if (left-- > 0) content = changed(content, change);
      else if (left === -1 && 'bytes' in change) {
        const kept = Math.floor(random() * change.bytes.length);
        content = changed(content, { ...change, bytes: change.bytes.subarray(0, kept) });
      }
    } else content = inSectors(content, change, mode, random);
  }
  return content;
}

function inSectors(before: Buffer, change: Change, mode: CrashMode, random: Random): Buffer {
  if ('length' in change) return random() < 0.5 ? before : changed(before, change);
  let content = before;
  const { position, bytes } = change;
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(SECTOR - ((position + at) % SECTOR), bytes.length - at);
    let part = bytes.subarray(at, at + length);
    // A sector that is written with what it holds stays as it is.
    const isSame = part.equals(before.subarray(position + at, position + at + length));
    const isLost = random() < 0.5 && !isSame;
    if (isLost && mode === 'stale') {
      const from = Math.floor(random() * Math.max(1, before.length - length));
      part = resized(Buffer.from(before.subarray(from, from + length)), length);
    }
    if (!isLost || mode === 'stale') {
      content = changed(content, { position: position + at, bytes: Buffer.from(part) });
    }
    at += length;
  }
  return content;
}

class SimFile implements DiskFile {
  readonly path: string;
  readonly #disk: SimDisk;
  readonly #inode: Inode;

  constructor(disk: SimDisk, path: string, inode: Inode) {
    this.#disk = disk;
    this.path = path;
    this.#inode = inode;
  }

  get size(): number {
    return this.#inode.content.length;
  }

  read(target: Uint8Array, position: number): number {
    this.#disk.called('read', this.path);
    const part = this.#inode.content.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  }

  #change(change: Change): void {
    this.#inode.content = changed(this.#inode.content, change);
    this.#inode.unsynced.push(change);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#disk.called('write', this.path);
    this.#change({ position, bytes: Buffer.from(bytes) });
  }

  writeLater(bytes: Uint8Array, position: number, done: Done): void {
    this.#disk.later('write', this.path, done, () => {
      this.#change({ position, bytes: Buffer.from(bytes) });
    });
  }

  truncate(length: number): void {
    this.#disk.called('truncate', this.path);
    this.#change({ length });
  }

  sync(): void {
    try {
      this.#disk.called('sync', this.path);
    } catch (error) {
      if (!(error instanceof SimCrash)) this.#inode.unsynced.length = 0;
      throw error;
    }
    this.#synced(this.#inode.unsynced.length);
  }

  /**
   * Durable is only what had been written when the sync was asked for. What a sync failed on is
   * forgotten, as by Linux: it can be read, and no later sync makes it durable.
   */
  syncLater(done: Done): void {
    const count = this.#inode.unsynced.length;
    const told: Done = (error) => {
      if (error !== null) this.#inode.unsynced.length = 0;
      done(error);
    };
    this.#disk.later('sync', this.path, told, () => this.#synced(count));
  }

  #synced(count: number): void {
    const inode = this.#inode;
    for (const change of inode.unsynced.splice(0, count)) {
      inode.durable = changed(inode.durable, change);
    }
  }

  isInPlace(): boolean {
    return this.#disk.leadsTo(this.path, this.#inode);
  }

  close(): void {
    this.#disk.called('close', this.path);
  }
}
