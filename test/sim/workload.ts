// What a client asks for: a few paths that all clients share, so that they meet.
import { CreateMode } from '../../src/wire/opcodes.ts';
import type { SimOptions } from './options.ts';
import type { Random } from './random.ts';
import type { Part, Request } from './requests.ts';
import { RichWorkload } from './richWorkload.ts';

const ROOTS = ['/a', '/b', '/c'];
/** Sequential znodes that a client lets live. */
const KEPT = 4;

export class Workload {
  readonly #random: Random;
  readonly #id: number;
  #count = 0;
  readonly #versions = new Map<string, number>();
  readonly #sequential: string[] = [];
  readonly #rich: RichWorkload | null;

  constructor(random: Random, id: number, { isRich }: SimOptions) {
    this.#random = random;
    this.#id = id;
    this.#rich = isRich ? new RichWorkload(random, () => this.#value()) : null;
  }

  saw(path: string, version: number): void {
    this.#versions.set(path, version);
  }

  forgetVersions(): void {
    this.#versions.clear();
  }

  created(path: string): void {
    this.#sequential.push(path);
  }

  next(): Request {
    const random = this.#random;
    const draw = random.next();
    if (this.#sequential.length > KEPT) {
      return { type: 'delete', path: this.#sequential.shift() ?? '', version: -1 };
    }
    if (this.#rich !== null && random.chance(0.4)) return this.#rich.next();
    if (draw < 0.35) return this.#read();
    if (draw < 0.6) return this.#set();
    if (draw < 0.78) return this.#create();
    if (draw < 0.86) return { type: 'delete', path: this.#path(), version: -1 };
    if (draw < 0.93) return this.#multi();
    if (draw < 0.995) return { type: 'sync', path: '/' };
    return { type: 'close' };
  }

  #path(): string {
    const random = this.#random;
    const root = random.pick(ROOTS) ?? '/a';
    return random.chance(0.4) ? root : `${root}/${random.int(0, 3)}`;
  }

  #value(): string {
    return `${this.#id}-${++this.#count}`;
  }

  #read(): Request {
    const random = this.#random;
    const how = random.pick(['data', 'exists', 'children'] as const) ?? 'data';
    return { type: 'read', how, path: this.#path(), watch: random.chance(0.4) };
  }

  #set(): Extract<Request, { type: 'set' }> {
    const path = this.#path();
    const version = this.#random.chance(0.5) ? (this.#versions.get(path) ?? -1) : -1;
    return { type: 'set', path, data: this.#value(), version };
  }

  #create(): Extract<Request, { type: 'create' }> {
    const random = this.#random;
    const data = this.#value();
    const draw = random.next();
    const root = random.pick(ROOTS) ?? '/a';
    if (draw < 0.5)
      return { type: 'create', path: this.#path(), data, mode: CreateMode.persistent };
    if (draw < 0.7) {
      return { type: 'create', path: `${root}/e${this.#id}`, data, mode: CreateMode.ephemeral };
    }
    const mode = random.chance(0.5)
      ? CreateMode.persistentSequential
      : CreateMode.ephemeralSequential;
    return { type: 'create', path: `${root}/s-`, data, mode };
  }

  #part(created: Part): Part {
    const path = this.#path();
    const version = this.#random.chance(0.5) ? (this.#versions.get(path) ?? -1) : -1;
    switch (this.#random.int(0, 3)) {
      case 0:
        return { type: 'check', path, version };
      case 1:
        return { type: 'delete', path, version };
      case 2:
        return created;
      default:
        return this.#set();
    }
  }

  #multi(): Request {
    const data = this.#value();
    const created = {
      type: 'create',
      path: this.#path(),
      data,
      mode: CreateMode.persistent,
    } as const;
    if (this.#rich === null || this.#random.chance(0.5)) {
      return {
        type: 'multi',
        parts: [this.#set(), this.#random.chance(0.5) ? this.#set() : created],
      };
    }
    const parts = Array.from({ length: this.#random.int(1, 4) }, () => this.#part(created));
    return { type: 'multi', parts };
  }
}
