// The workload watch: every session watches one znode, which is set; how long until all of them know.
import type { Reader, Writer } from '../wire/bytes.ts';
import { WatcherEvent } from '../wire/client.ts';
import { Stat } from '../wire/data.ts';
import { EventType, OpCode } from '../wire/opcodes.ts';
import { Clock } from './clock.ts';
import { Connection, type Work } from './connection.ts';
import type { RunContext } from './context.ts';
import { wrongReply } from './failure.ts';
import { Ground } from './ground.ts';
import { Keys } from './keys.ts';
import { openAll } from './opening.ts';
import { type Measured, Recorder } from './recorder.ts';

const LAST = 0;
const FIRST = 1;
const SET = 2;
const names = ['last', 'first', 'set'] as const;

/** Reads the znode and watches it; the data must be at least as new as the change it was told of. */
class WatchedRead implements Work {
  readonly #keys: Keys;
  /** The version that the next reads must see. */
  version = 0;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  write(out: Writer): number {
    out.int(OpCode.getData);
    this.#keys.writePath(out, 0);
    out.boolean(true);
    return this.version;
  }

  check(tag: number, err: number, reader: Reader): void {
    if (err !== 0) throw wrongReply(`error ${err} to ${this.#keys.path(0)}`);
    const fault = this.#keys.fault(0, reader.bytes());
    if (fault !== null) throw wrongReply(fault);
    const { version } = Stat.read(reader);
    if (version !== tag) throw wrongReply(`version ${version} after the change to ${tag}`);
  }
}

class PlainSet implements Work {
  readonly #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  write(out: Writer): number {
    out.int(OpCode.setData);
    this.#keys.writePath(out, 0);
    out.bytes(this.#keys.data(0));
    out.int(-1);
    return 0;
  }

  check(_tag: number, err: number, reader: Reader): void {
    if (err !== 0) throw wrongReply(`error ${err} to ${this.#keys.path(0)}`);
    Stat.read(reader);
  }
}

/** Rounds of: all read and watch; one sets; all hear of it. */
class FanOut {
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #reads: WatchedRead;
  readonly #set: PlainSet;
  readonly #path: string;
  #watchers: readonly Connection[] = [];
  #writer: Connection | null = null;
  #unarmed = 0;
  #untold = 0;
  readonly #told: boolean[] = [];
  #setAt = 0;
  #isSetAnswered = true;

  constructor(keys: Keys, clock: Clock, recorder: Recorder) {
    this.#clock = clock;
    this.#recorder = recorder;
    this.#reads = new WatchedRead(keys);
    this.#set = new PlainSet(keys);
    this.#path = keys.path(0);
  }

  start(watchers: readonly Connection[], writer: Connection): void {
    this.#watchers = watchers;
    this.#writer = writer;
    this.#arm();
  }

  armed(): void {
    this.#unarmed--;
    if (this.#unarmed === 0) this.#change();
  }

  setAnswered(heardAt: number): void {
    this.#recorder.record(SET, heardAt - this.#setAt, 0);
    this.#isSetAnswered = true;
    this.#next();
  }

  notified(index: number, reader: Reader, heardAt: number): void {
    const { type, path } = WatcherEvent.read(reader);
    if (type !== EventType.nodeDataChanged || path !== this.#path) {
      throw wrongReply(`an event of type ${type} at ${path}`);
    }
    if (this.#told[index] !== false) throw wrongReply('an event that was not asked for');
    this.#told[index] = true;
    const ms = heardAt - this.#setAt;
    if (this.#untold === this.#watchers.length) this.#recorder.record(FIRST, ms, 0);
    this.#untold--;
    if (this.#untold > 0) return;
    this.#recorder.record(LAST, ms, this.#watchers.length);
    this.#next();
  }

  #arm(): void {
    this.#unarmed = this.#watchers.length;
    const now = performance.now();
    for (const watcher of this.#watchers) watcher.send(this.#reads, now);
  }

  #change(): void {
    this.#told.length = 0;
    for (const _ of this.#watchers) this.#told.push(false);
    this.#untold = this.#watchers.length;
    this.#reads.version++;
    this.#isSetAnswered = false;
    this.#setAt = performance.now();
    this.#writer?.send(this.#set, this.#setAt);
  }

  #next(): void {
    if (this.#untold === 0 && this.#isSetAnswered && !this.#clock.isOver) this.#arm();
  }
}

async function openFor(context: RunContext, fanOut: FanOut, clock: Clock): Promise<Connection[]> {
  const { options, servers } = context;
  const writer = options.connections;
  return await openAll(servers, writer + 1, (target, index, ready) => {
    const fail = (error: Error) => {
      ready(error);
      clock.fail(error);
    };
    const events = {
      answered: (_tag: number, _startedAt: number, heardAt: number) =>
        index === writer ? fanOut.setAnswered(heardAt) : fanOut.armed(),
      notified: (reader: Reader, heardAt: number) => fanOut.notified(index, reader, heardAt),
      failed: fail,
    };
    return new Connection(target, 1, events, () => ready(null));
  });
}

export async function runWatch(context: RunContext): Promise<Measured> {
  const { options, servers } = context;
  const recorder = new Recorder(names);
  const clock = new Clock({ ...options, ...context, recorder });
  const ground = await Ground.make(servers, options.path);
  return await ground.used(async () => {
    const keys = new Keys(servers.chroot + options.path, 1, options.size);
    await ground.plant(1, (key) => keys.data(key));
    const fanOut = new FanOut(keys, clock, recorder);
    const connections = await openFor(context, fanOut, clock);
    try {
      const [writer] = connections.slice(-1);
      if (writer === undefined) throw new Error('no connection');
      fanOut.start(connections.slice(0, -1), writer);
      await clock.run();
      return recorder.result(LAST);
    } finally {
      for (const connection of connections) connection.destroy();
    }
  });
}
