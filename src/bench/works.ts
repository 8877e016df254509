// The requests of the workloads read, write, mix and create, written and checked without objects.
import { OPEN_ACL_UNSAFE } from '../client/acl.ts';
import { type Reader, Writer } from '../wire/bytes.ts';
import { AclVector, Stat } from '../wire/data.ts';
import { CreateMode, OpCode } from '../wire/opcodes.ts';
import type { Work } from './connection.ts';
import { wrongReply } from './failure.ts';
import type { Keys } from './keys.ts';
import type { BenchOptions } from './options.ts';

/** What is timed apart. */
export const kinds = ['read', 'write', 'create'] as const;

const READ = 0;
const WRITE = 1;
const CREATE = 2;

/** A tag is the key with the kind in its last place. */
const tagOf = (key: number, kind: number): number => key * 4 + kind;
export const kindOf = (tag: number): number => tag % 4;
const keyOf = (tag: number): number => Math.floor(tag / 4);

function refuseError(err: number, what: string): void {
  if (err !== 0) throw wrongReply(`error ${err} to ${what}`);
}

/** A share of reads, the rest sets, of keys by chance. */
export class ReadsAndWrites implements Work {
  readonly #keys: Keys;
  readonly #readRatio: number;

  constructor(keys: Keys, readRatio: number) {
    this.#keys = keys;
    this.#readRatio = readRatio;
  }

  write(out: Writer): number {
    const key = Math.floor(Math.random() * this.#keys.count);
    if (this.#readRatio === 1 || Math.random() < this.#readRatio) {
      out.int(OpCode.getData);
      this.#keys.writePath(out, key);
      out.boolean(false);
      return tagOf(key, READ);
    }
    out.int(OpCode.setData);
    this.#keys.writePath(out, key);
    out.bytes(this.#keys.data(key));
    out.int(-1);
    return tagOf(key, WRITE);
  }

  check(tag: number, err: number, reader: Reader): void {
    const key = keyOf(tag);
    if (err !== 0) refuseError(err, this.#keys.path(key));
    const isRead = kindOf(tag) === READ;
    const data = isRead ? reader.bytes() : null;
    const stat = Stat.read(reader);
    const fault = isRead ? this.#keys.fault(key, data) : null;
    if (fault !== null) throw wrongReply(fault);
    if (isRead && stat.dataLength !== (data?.length ?? 0)) {
      throw wrongReply(`dataLength ${stat.dataLength} of ${this.#keys.path(key)}`);
    }
  }
}

function encodedAcl(): Buffer {
  const out = new Writer(64);
  AclVector.write(out, [...OPEN_ACL_UNSAFE]);
  return out.take();
}
const openAcl = encodedAcl();

/** New znodes below a folder of the connection's own. */
export class Creates implements Work {
  readonly folder: string;
  readonly #data: Buffer;
  /** Names are counted from 0, so that the count says which znodes there are. */
  count = 0;

  constructor(folder: string, data: Buffer) {
    this.folder = folder;
    this.#data = data;
  }

  write(out: Writer): number {
    const number = this.count++;
    out.int(OpCode.create);
    out.string(`${this.folder}/${number}`);
    out.bytes(this.#data);
    out.raw(openAcl);
    out.int(CreateMode.persistent);
    return tagOf(number, CREATE);
  }

  check(tag: number, err: number, reader: Reader): void {
    const expected = `${this.folder}/${keyOf(tag)}`;
    if (err !== 0) refuseError(err, expected);
    const path = reader.string();
    if (path !== expected) throw wrongReply(`created ${path} instead of ${expected}`);
  }
}

/** The share of reads that a workload stands for. */
export function readRatioOf({ workload, readRatio }: BenchOptions): number {
  if (workload === 'read') return 1;
  return workload === 'write' ? 0 : readRatio;
}
