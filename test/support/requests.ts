// Random but repeatable client requests, encoded by hand so that no code under test helps.

export interface Step {
  /** Which of the sessions sends it. */
  readonly session: number;
  readonly label: string;
  readonly opcode: number;
  /** What stands in place of a counted xid, for auth and setWatches. */
  readonly xid?: number;
  readonly body: Buffer;
}

/** Mulberry32: the same numbers for the same seed, everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const int = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const long = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const flag = (value: boolean) => Buffer.from([value ? 1 : 0]);
const data = (value: Buffer | null) =>
  value === null ? int(-1) : Buffer.concat([int(value.length), value]);
const text = (value: string) => data(Buffer.from(value));
const texts = (values: string[]) => Buffer.concat([int(values.length), ...values.map(text)]);
const join = (...parts: Buffer[]) => Buffer.concat(parts);

type Entry = [number, string, string];
const acl = (entries: Entry[]) =>
  join(int(entries.length), ...entries.map(([p, s, i]) => join(int(p), text(s), text(i))));

// Everybody may always read: 3.8.0 answers exists without asking, later ones do not (ZOOKEEPER-2590).
const bob = 'digest bob:ikIaKsbtGweaHnb/jKn7OHqbunM='.split(' ') as [string, string];
const lists: Entry[][] = [
  [[1, 'world', 'anyone']],
  [[1 | 4, 'world', 'anyone']],
  [[1 | 2 | 16, 'world', 'anyone']],
  [
    [31, ...bob],
    [1, 'world', 'anyone'],
  ],
  [
    [31, 'auth', ''],
    [1, 'world', 'anyone'],
  ],
  [
    [31, 'ip', '127.0.0.0/8'],
    [1, 'world', 'anyone'],
  ],
  [
    [31, 'world', 'anyone'],
    [31, 'world', 'anyone'],
  ],
  [[31, 'bogus', 'x']],
  [],
];
const open: Entry[] = [[31, 'world', 'anyone']];

const opcodes = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  removeWatches: 18,
  createContainer: 19,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  closeSession: -11,
} as const;
type Name = keyof typeof opcodes;

/**
 * How often each kind of request comes, relative to the others. Without checkWatches: 3.8 answers it
 * by the watches of any session (WatchManager.containsWatcher), we by those of the one that asks.
 */
const weights: [number, Name][] = [
  [14, 'create'],
  [6, 'create2'],
  [2, 'createContainer'],
  [3, 'createTTL'],
  [14, 'delete'],
  [6, 'exists'],
  [6, 'getData'],
  [12, 'setData'],
  [3, 'getACL'],
  [4, 'setACL'],
  [4, 'getChildren'],
  [4, 'getChildren2'],
  [1, 'sync'],
  [12, 'multi'],
  [3, 'multiRead'],
  [2, 'addWatch'],
  [2, 'removeWatches'],
  [2, 'getAllChildrenNumber'],
  [2, 'getEphemerals'],
  [1, 'auth'],
  [2, 'setWatches'],
  [2, 'closeSession'],
];

/** Each name as often as its weight says. */
const lot = weights.flatMap(([weight, name]) => Array.from({ length: weight }, () => name));

const SESSIONS = 3;

class Generator {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  #below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }

  #chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** A few names, so that most requests meet something; /w is for addWatch alone, /q has a quota. */
  #path(): string {
    if (this.#chance(0.02))
      return this.#pick(['/', '/zookeeper', '/zookeeper/quota', '//', 'x', '/a/']);
    const names = [this.#pick(['a', 'a', 'b', 'c', 'q', 'w'])];
    while (names.length < 3 && this.#chance(0.5)) {
      names.push(this.#chance(0.15) ? `s000000000${this.#below(6)}` : this.#pick(['a', 'b', 's']));
    }
    return `/${names.join('/')}`;
  }

  /** A watch of another kind on a path of addWatch has a meaning of its own (ZOOKEEPER-4466). */
  #mayWatch(path: string): boolean {
    return !path.startsWith('/w') && this.#chance(0.4);
  }

  #data(): Buffer | null {
    if (this.#chance(0.1)) return null;
    return Buffer.alloc(this.#below(30), this.#below(256));
  }

  #version(): number {
    return this.#chance(0.6) ? -1 : this.#below(4);
  }

  #acl(): Buffer {
    return acl(this.#chance(0.8) ? open : this.#pick(lists));
  }

  #create(name: Name): [string, Buffer] {
    const path = this.#path();
    const base = (flags: number) => join(text(path), data(this.#data()), this.#acl(), int(flags));
    if (name === 'createContainer') return [path, base(4)];
    if (name === 'createTTL') {
      const ttl = this.#pick([1_000_000, 5_000_000, 1_000_000, 0, -1]);
      const flags = this.#pick([5, 6]);
      return [`${path} flags ${flags} ttl ${ttl}`, join(base(flags), long(ttl))];
    }
    const flags = this.#pick([0, 0, 0, 0, 1, 2, 3, 1]);
    return [`${path} flags ${flags}`, base(flags)];
  }

  #pathBody(name: Name): [string, Buffer] {
    const path = this.#path();
    switch (name) {
      case 'delete':
      case 'check': {
        const version = this.#version();
        return [`${path} version ${version}`, join(text(path), int(version))];
      }
      case 'setData': {
        const version = this.#version();
        return [`${path} version ${version}`, join(text(path), data(this.#data()), int(version))];
      }
      case 'setACL':
        return [path, join(text(path), this.#acl(), int(this.#version()))];
      case 'getACL':
      case 'sync':
      case 'getAllChildrenNumber':
      case 'getEphemerals':
        return [path, text(path)];
      default: {
        const watch = this.#mayWatch(path);
        return [`${path}${watch ? ' watch' : ''}`, join(text(path), flag(watch))];
      }
    }
  }

  #multi(kinds: readonly Name[]): [string, Buffer] {
    const labels: string[] = [];
    const parts: Buffer[] = [];
    const count = this.#below(5);
    for (let i = 0; i < count; i++) {
      const kind = this.#pick(kinds);
      const [label, body] = kind.startsWith('create') ? this.#create(kind) : this.#pathBody(kind);
      labels.push(`${kind} ${label}`);
      parts.push(int(opcodes[kind]), flag(false), int(-1), body);
    }
    return [`[${labels.join(', ')}]`, join(...parts, int(-1), flag(true), int(-1))];
  }

  #watches(name: Name): [string, Buffer] {
    if (name === 'addWatch') {
      // One mode per path, for the same reason.
      const path = this.#pick(['/w', '/w/a', '/w/b', '/w/a/b']);
      const mode = path === '/w/b' ? 0 : 1;
      return [`${path} mode ${mode}`, join(text(path), int(mode))];
    }
    if (this.#chance(0.5)) {
      const path = this.#pick(['/w', '/w/a', '/w/b', '/w/a/b']);
      return [`${path} type 3`, join(text(path), int(3))];
    }
    const path = this.#pick(['/a', '/b', '/a/a', '/a/b']);
    const type = this.#pick([1, 2, 3]);
    return [`${path} type ${type}`, join(text(path), int(type))];
  }

  step(): Step {
    const name = this.#pick(lot);
    const session = this.#below(SESSIONS);
    const [label, body] = this.#body(name);
    const xid = name === 'auth' ? -4 : name === 'setWatches' ? -8 : undefined;
    const step = { session, label: `${name} ${label}`, opcode: opcodes[name], body };
    return xid === undefined ? step : { ...step, xid };
  }

  #body(name: Name): [string, Buffer] {
    switch (name) {
      case 'create':
      case 'create2':
      case 'createContainer':
      case 'createTTL':
        return this.#create(name);
      case 'multi':
        return this.#multi([
          'create',
          'create',
          'create2',
          'createContainer',
          'createTTL',
          'delete',
          'delete',
          'setData',
          'check',
        ]);
      case 'multiRead':
        return this.#multi(['getData', 'getChildren']);
      case 'addWatch':
      case 'removeWatches':
        return this.#watches(name);
      case 'auth':
        return ['bob', join(int(0), text('digest'), text('bob:pw'))];
      case 'setWatches': {
        const zxid = this.#below(200);
        const some = () => ['/a', '/b', '/c', '/a/a', '/a/b'].filter(() => this.#chance(0.3));
        const [first, second, third] = [some(), some(), some()];
        const body = join(long(zxid), texts(first), texts(second), texts(third));
        return [`since ${zxid}: ${first} | ${second} | ${third}`, body];
      }
      case 'closeSession':
        return ['', Buffer.alloc(0)];
      default:
        return this.#pathBody(name);
    }
  }
}

/** The first steps give /q a quota, so that its usage is counted all along. */
function quotaSteps(): Step[] {
  const create = (path: string, content: string): Step => ({
    session: 0,
    label: `create ${path}`,
    opcode: opcodes.create,
    body: join(text(path), text(content), acl(open), int(0)),
  });
  const limits = 'count=4,bytes=40=;byteHardLimit=90;countHardLimit=9';
  return [
    create('/q', '12345'),
    create('/zookeeper/quota/q', ''),
    create('/zookeeper/quota/q/zookeeper_limits', limits),
    create('/zookeeper/quota/q/zookeeper_stats', 'count=1,bytes=5'),
  ];
}

/** At the end everything is read, so that what a request did beside its answer shows. */
function readingSteps(): Step[] {
  const paths = ['/', '/zookeeper/quota/q/zookeeper_stats'];
  const names = ['a', 'b', 's', 's0000000000', 's0000000001', 's0000000002'];
  for (const top of ['a', 'b', 'c', 'q', 'w']) {
    paths.push(`/${top}`, ...names.map((name) => `/${top}/${name}`));
    for (const name of names) paths.push(...names.map((last) => `/${top}/${name}/${last}`));
  }
  return paths.flatMap((path) => [
    { session: 0, label: `getData ${path}`, opcode: 4, body: join(text(path), flag(false)) },
    { session: 0, label: `getACL ${path}`, opcode: 6, body: text(path) },
    { session: 0, label: `getChildren2 ${path}`, opcode: 12, body: join(text(path), flag(false)) },
  ]);
}

/** A whole conversation of three sessions: the same for the same seed. */
export function conversation(seed: number, length: number): Step[] {
  const generator = new Generator(seed);
  const steps = Array.from({ length }, () => generator.step());
  return [...quotaSteps(), ...steps, ...readingSteps()];
}
