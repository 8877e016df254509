// What else clients ask for: access lists, quotas, containers, TTL znodes and persistent watches, each
// under a root of its own, so that the plain requests see none of it.
import { CreateMode } from '../../src/wire/opcodes.ts';
import type { AclKind } from './access.ts';
import type { Random } from './random.ts';
import type { Request } from './requests.ts';

const QUOTA = '/zookeeper/quota/q';
/** Longest time to live, in ms. */
const LONGEST_TTL = 10_000;

export class RichWorkload {
  readonly #random: Random;
  readonly #value: () => string;

  /** @param value gives data that nobody else writes */
  constructor(random: Random, value: () => string) {
    this.#random = random;
    this.#value = value;
  }

  next(): Request {
    const draw = this.#random.next();
    if (draw < 0.35) return this.#private();
    if (draw < 0.55) return this.#quota();
    if (draw < 0.75) return this.#container();
    if (draw < 0.93) return this.#timed();
    return this.#watch();
  }

  #at(root: string, children: number): string {
    const { int, chance } = {
      int: this.#random.int(0, children),
      chance: this.#random.chance(0.4),
    };
    return chance ? root : `${root}/${int}`;
  }

  #acl(): AclKind {
    return this.#random.pick(['open', 'own', 'readable'] as const) ?? 'open';
  }

  #creation(path: string, mode: CreateMode, acl: AclKind): Request {
    return { type: 'create', path, data: this.#value(), mode, acl };
  }

  #read(path: string, watch = false): Request {
    const hows = ['data', 'exists', 'children', 'acl'] as const;
    const how = this.#random.pick(hows) ?? 'acl';
    return { type: 'read', how, path, watch: watch && how !== 'acl' };
  }

  #private(): Request {
    const path = this.#at('/p', 2);
    const random = this.#random;
    switch (random.int(0, 6)) {
      case 0:
      case 1:
        return this.#creation(path, CreateMode.persistent, this.#acl());
      case 2:
        return { type: 'setAcl', path, acl: this.#acl(), version: random.int(-1, 1) };
      case 3:
        return { type: 'set', path, data: this.#value(), version: -1 };
      case 4:
        return { type: 'delete', path, version: -1 };
      default:
        return this.#read(path);
    }
  }

  #quota(): Request {
    const random = this.#random;
    const path = this.#at('/q', 4);
    switch (random.int(0, 7)) {
      case 0:
        return this.#creation(QUOTA, CreateMode.persistent, 'open');
      case 1: {
        const [count, bytes] = [random.int(1, 4), random.int(10, 60)];
        const data = `count=-1,bytes=-1=;byteHardLimit=${bytes};countHardLimit=${count}`;
        const limits = `${QUOTA}/zookeeper_limits`;
        if (random.chance(0.5)) return { type: 'set', path: limits, data, version: -1 };
        return { type: 'create', path: limits, data, mode: CreateMode.persistent };
      }
      case 2: {
        const stats = `${QUOTA}/zookeeper_stats`;
        const data = 'count=0,bytes=0';
        return { type: 'create', path: stats, data, mode: CreateMode.persistent };
      }
      case 3:
        return { type: 'delete', path: `${QUOTA}/zookeeper_limits`, version: -1 };
      case 4:
        return { type: 'set', path, data: this.#value().repeat(random.int(1, 5)), version: -1 };
      case 5:
        return { type: 'delete', path, version: -1 };
      default:
        return this.#creation(path, CreateMode.persistent, 'open');
    }
  }

  #container(): Request {
    const random = this.#random;
    const path = this.#at('/k', 1);
    switch (random.int(0, 4)) {
      case 0:
        return this.#creation('/k', CreateMode.container, 'open');
      case 1:
      case 2:
        return this.#creation(path, CreateMode.persistent, 'open');
      case 3:
        return { type: 'delete', path, version: -1 };
      default:
        return this.#read(path, random.chance(0.3));
    }
  }

  #timed(): Request {
    const random = this.#random;
    const path = this.#at('/t', 2);
    const data = this.#value();
    const mode = CreateMode.persistentWithTtl;
    switch (random.int(0, 4)) {
      case 0:
        return this.#creation('/t', CreateMode.persistent, 'open');
      case 1:
      case 2:
        return { type: 'create', path, data, mode, ttl: random.int(1, LONGEST_TTL) };
      case 3:
        return { type: 'set', path, data, version: -1 };
      default:
        return this.#read(path, random.chance(0.3));
    }
  }

  #watch(): Request {
    const path = this.#random.pick(['/a', '/b', '/c', '/k', '/t', '/a/0']) ?? '/a';
    return { type: 'watch', path, isRecursive: this.#random.chance(0.5) };
  }
}
