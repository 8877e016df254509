// A client of the crash test: sends mixed writes ahead of their answers, remembers what was
// acknowledged, and tells whether a server that came back shows it.
import { connect, type Socket } from 'node:net';
import { OPEN_ACL } from '../../src/state/aclCache.ts';
import { Reader } from '../../src/wire/bytes.ts';
import { ConnectResponse, GetChildrenResponse, GetDataResponse } from '../../src/wire/client.ts';
import { MultiRequest } from '../../src/wire/multi.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import {
  closeFrame,
  connectFrame,
  createFrame,
  deleteFrame,
  getChildrenFrame,
  getDataFrame,
  requestFrame,
  setDataFrame,
} from './requestFrames.ts';

/** What a client knows of a znode: `data#version`, with `e` in front of an ephemeral. */
type Model = Map<string, string>;

interface Sent {
  readonly apply: (model: Model) => void;
  readonly isClose: boolean;
}

const DEPTH = 16;
const MAX_NODES = 60;
const TIMEOUT = 60_000;
const NONE = 0n;

export class CrashClient {
  /** Writes that were acknowledged, in all. */
  acked = 0;
  /** What must be there. */
  #model: Model = new Map();
  /** Sent and not answered, oldest first. */
  #inFlight: Sent[] = [];
  readonly #dir: string;
  readonly #random: () => number;
  #socket: Socket | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #xid = 0;
  #names = 0;
  #session = NONE;
  #password = Buffer.alloc(16);
  #isWriting = false;
  #waiting: ((frame: Buffer) => void)[] = [];

  constructor(dir: string, random: () => number) {
    this.#dir = dir;
    this.#random = random;
  }

  /** Connects, resumes its session where it has one, and holds what is there against what it knows. */
  async resume(port: number): Promise<void> {
    await this.#open(port);
    if (!(await this.#greet())) {
      // The end of the session was on its way, and everything before it.
      if (!this.#inFlight.some(({ isClose }) => isClose)) {
        throw new Error(`${this.#dir}: session 0x${this.#session.toString(16)} is gone`);
      }
      this.#session = NONE;
      await this.#open(port);
      if (!(await this.#greet())) throw new Error(`${this.#dir}: no new session`);
      while (!this.#inFlight[0]?.isClose) this.#applyFirst();
    }
    this.#settle(await this.#readAll());
  }

  /** Whether its last connection ended with its session, by its own wish. */
  get hasClosed(): boolean {
    return this.#session === NONE;
  }

  /** Writes until the server goes away; resolves when the connection is closed. */
  async write(): Promise<void> {
    const socket = this.#socket;
    if (socket === null) throw new Error('not connected');
    if (socket.destroyed) return;
    this.#isWriting = true;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.#fill();
    await closed;
    this.#isWriting = false;
  }

  disconnect(): void {
    this.#socket?.destroy();
  }

  async #open(port: number): Promise<void> {
    this.#socket?.destroy();
    this.#bytes = Buffer.alloc(0);
    const waiting: ((frame: Buffer) => void)[] = [];
    this.#waiting = waiting;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.on('error', () => undefined); // a reset is a way to be closed: 'close' follows
    socket.on('data', (chunk) => {
      if (socket === this.#socket) this.#take(chunk);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('close', () => reject(new Error('closed before it was connected')));
    });
    socket.once('close', () => {
      for (const answer of waiting.splice(0)) answer(Buffer.alloc(0));
    });
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readInt32BE(0);
      if (this.#bytes.length < end) break;
      const frame = this.#bytes.subarray(4, end);
      this.#bytes = this.#bytes.subarray(end);
      if (this.#isWriting) this.#answered(frame);
      else this.#waiting.shift()?.(frame);
    }
  }

  /** The answer to one frame; empty when the connection closes before it. */
  #ask(...hex: string[]): Promise<Buffer>[] {
    // Nobody would tell of the close, which has been.
    if (this.#socket?.destroyed !== false) return hex.map(async () => Buffer.alloc(0));
    const answers = hex.map(() => new Promise<Buffer>((resolve) => this.#waiting.push(resolve)));
    this.#socket?.write(Buffer.from(hex.join(''), 'hex'));
    return answers;
  }

  /** True with a session: the one it had, or a new one where it had none. */
  async #greet(): Promise<boolean> {
    const [session, password] = [this.#session, this.#password];
    const [answer] = this.#ask(connectFrame({ timeout: TIMEOUT, session, password }));
    const bytes = (await answer) ?? Buffer.alloc(0);
    if (bytes.length === 0) throw new Error(`${this.#dir}: no answer to the connect request`);
    const { sessionId, passwd } = ConnectResponse.read(new Reader(bytes));
    if (sessionId === NONE) return false;
    if (session !== NONE && sessionId !== session)
      throw new Error('another session than asked for');
    this.#session = sessionId;
    this.#password = Buffer.from(passwd ?? []);
    return true;
  }

  async #readAll(): Promise<Model> {
    const found: Model = new Map();
    const [made] = this.#ask(createFrame(0, this.#dir));
    await made; // the first time it is made, later it is there
    const [listed] = this.#ask(getChildrenFrame(0, this.#dir));
    const list = (await listed) ?? Buffer.alloc(0);
    const { children } = GetChildrenResponse.read(new Reader(list, 16));
    const paths = (children ?? []).map((name) => `${this.#dir}/${name}`);
    const answers = await Promise.all(this.#ask(...paths.map((path) => getDataFrame(0, path))));
    for (const [i, answer] of answers.entries()) {
      const { data, stat } = GetDataResponse.read(new Reader(answer, 16));
      const isMine = stat.ephemeralOwner === this.#session;
      const owner = stat.ephemeralOwner === NONE ? '' : isMine ? 'e' : 'foreign ';
      const text = Buffer.from(data ?? []).toString();
      found.set(paths[i] as string, `${owner}${text}#${stat.version}`);
    }
    return found;
  }

  /** All that was acknowledged, and some first part of what was on its way, must be there. */
  #settle(found: Model): void {
    for (;;) {
      if (isSame(this.#model, found)) break;
      if (this.#inFlight.length === 0) throw new Error(this.#difference(found));
      this.#applyFirst();
    }
    this.#inFlight = [];
  }

  #difference(found: Model): string {
    const lines: string[] = [];
    for (const [path, wanted] of this.#model) {
      const shown = found.get(path);
      if (shown !== wanted) lines.push(`${path}: ${shown ?? 'missing'} instead of ${wanted}`);
    }
    for (const [path, shown] of found) {
      if (!this.#model.has(path)) lines.push(`${path}: ${shown} should not be there`);
    }
    return lines.join('; ');
  }

  #applyFirst(): Sent | undefined {
    const first = this.#inFlight.shift();
    first?.apply(this.#model);
    return first;
  }

  #answered(frame: Buffer): void {
    const err = frame.readInt32BE(12);
    if (err !== 0) throw new Error(`${this.#dir}: a write was refused with ${err}`);
    this.acked++;
    if (this.#applyFirst()?.isClose) {
      // Nothing is sent behind it; what comes next is the close of the connection.
      this.#session = NONE;
      this.#password = Buffer.alloc(16);
      return;
    }
    this.#fill();
  }

  #fill(): void {
    const frames: string[] = [];
    while (this.#inFlight.length < DEPTH && !this.#inFlight.at(-1)?.isClose) {
      frames.push(this.#next());
    }
    if (frames.length > 0) this.#socket?.write(Buffer.from(frames.join(''), 'hex'));
  }

  /** Draws the next write; nodes that are there when all in flight is done are its ground. */
  #next(): string {
    const ahead: Model = new Map(this.#model);
    for (const { apply } of this.#inFlight) apply(ahead);
    const paths = [...ahead.keys()];
    const path = paths[Math.floor(this.#random() * paths.length)];
    const value = `v${++this.#names}`;
    const xid = ++this.#xid;
    const dice = this.#random();
    if (dice < 0.0005) return this.#send(closeFrame(xid), endSession, true);
    if (path === undefined || (dice < 0.3 && paths.length < MAX_NODES)) {
      const isEphemeral = this.#random() < 0.2;
      const fresh = `${this.#dir}/n${this.#names}`;
      const flags = isEphemeral ? 1 : 0;
      return this.#send(createFrame(xid, fresh, value, flags), making(fresh, value, isEphemeral));
    }
    if (dice < 0.45) return this.#send(deleteFrame(xid, path), (model) => model.delete(path));
    if (dice < 0.55) return this.#multi(xid, path, value);
    return this.#send(setDataFrame(xid, path, value), setting(path, value));
  }

  /** Sets one znode, and makes another: both or none. */
  #multi(xid: number, path: string, value: string): string {
    const fresh = `${this.#dir}/m${this.#names}`;
    const data = Buffer.from(value);
    const frame = requestFrame(
      xid,
      OpCode.multi,
      { read: MultiRequest.read, write: MultiRequest.write },
      [
        { type: OpCode.setData, request: { path, data, version: -1 } },
        { type: OpCode.create, request: { path: fresh, data, acl: [...OPEN_ACL], flags: 0 } },
      ],
    );
    return this.#send(frame, (model) => {
      setting(path, value)(model);
      making(fresh, value, false)(model);
    });
  }

  #send(frame: string, apply: Sent['apply'], isClose = false): string {
    this.#inFlight.push({ apply, isClose });
    return frame;
  }
}

const isSame = (a: Model, b: Model): boolean =>
  a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);

const making = (path: string, value: string, isEphemeral: boolean) => (model: Model) => {
  model.set(path, `${isEphemeral ? 'e' : ''}${value}#0`);
};

const setting = (path: string, value: string) => (model: Model) => {
  const before = model.get(path) ?? '';
  const version = Number(before.slice(before.indexOf('#') + 1)) + 1;
  model.set(path, `${before.startsWith('e') ? 'e' : ''}${value}#${version}`);
};

const endSession = (model: Model): void => {
  for (const [path, text] of model) if (text.startsWith('e')) model.delete(path);
};
