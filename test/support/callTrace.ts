// What strace saw of a server (-f -y -xx), read for the order of durability and answers.
import { basename, dirname } from 'node:path';
import { decodeTxn } from '../../src/transactions/index.ts';
import { OpCode } from '../../src/wire/opcodes.ts';

/** One call of the system: when it began and ended, in lines of the trace. */
interface Call {
  readonly name: string;
  /** Between the parentheses. */
  readonly text: string;
  readonly result: number;
  readonly began: number;
  readonly ended: number;
}

/** The calls in the order in which they ended. */
function callsOf(trace: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, { text: string; began: number }>();
  for (const [number, line] of trace.split('\n').entries()) {
    const parts = /^(\d+) +(.*)$/s.exec(line);
    if (parts === null) continue;
    const [, thread = '', rest = ''] = parts;
    if (rest.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, { text: rest.slice(0, -' <unfinished ...>'.length), began: number });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest);
    const before = resumed === null ? undefined : unfinished.get(thread);
    const whole = before === undefined ? rest : before.text + (resumed?.[1] ?? '');
    const call = /^(\w+)\((.*)\) += (-?\d+)/s.exec(whole);
    if (call === null) continue;
    const [, name = '', text = '', result = ''] = call;
    const began = before?.began ?? number;
    calls.push({ name, text, result: Number(result), began, ended: number });
  }
  return calls;
}

const bytesOf = (escaped: string): Buffer => Buffer.from(escaped.replaceAll('\\x', ''), 'hex');
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, path = '']) => bytesOf(path).toString());
const fdPath = (text: string): string =>
  bytesOf(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(text)?.[1] ?? '').toString();

/** What was done, and what was done too early. */
export interface Verdict {
  replies: number;
  sessions: number;
  logs: number;
  /** Files that got their name by a rename. */
  renamed: string[];
  wrong: string[];
}

interface LogWrite {
  readonly path: string;
  readonly zxids: readonly bigint[];
  readonly sessions: readonly bigint[];
  readonly ended: number;
}

class Judge {
  readonly verdict: Verdict = { replies: 0, sessions: 0, logs: 0, renamed: [], wrong: [] };
  #unsynced: LogWrite[] = [];
  readonly #written = new Map<string, number>();
  /** When each file got its name, while that is not durable. */
  readonly #newNames = new Map<string, number>();
  #durable = 0n;
  readonly #durableSessions = new Set<bigint>();
  readonly #greeted = new Map<string, Buffer>();

  take(call: Call): void {
    if (call.result < 0) return;
    const path = fdPath(call.text);
    switch (call.name) {
      case 'openat':
        if (call.text.includes('O_CREAT')) this.#created(pathsIn(call.text)[0] ?? '', call.ended);
        break;
      case 'pwrite64':
        this.#wrote(path, call);
        break;
      case 'fdatasync':
        this.#synced(path, call);
        break;
      case 'fsync':
        for (const [name, at] of this.#newNames) {
          if (dirname(name) === path && at < call.began) this.#newNames.delete(name);
        }
        break;
      case 'rename':
        this.#renamed(pathsIn(call.text), call);
        break;
      case 'write':
      case 'writev':
        if (path.startsWith('socket:') || path.startsWith('TCP')) this.#sent(path, call);
        break;
    }
  }

  #created(path: string, at: number): void {
    if (!path.includes('/version-2/')) return;
    this.#newNames.set(path, at);
    if (basename(path).startsWith('log.')) this.verdict.logs++;
  }

  #wrote(path: string, { text, ended }: Call): void {
    if (!path.includes('/version-2/')) return;
    this.#written.set(path, ended);
    if (!basename(path).startsWith('log.')) return;
    const bytes = bytesOf(/"((?:\\x[0-9a-f]{2})*)"/.exec(text)?.[1] ?? '');
    const zxids: bigint[] = [];
    const sessions: bigint[] = [];
    // The file's header is 16 bytes long; an entry never is.
    for (let at = bytes.length === 16 ? 16 : 0; at < bytes.length; ) {
      const length = bytes.readInt32BE(at + 8);
      const { header } = decodeTxn(bytes.subarray(at + 12, at + 12 + length));
      zxids.push(header.zxid);
      if (header.type === OpCode.createSession) sessions.push(header.clientId);
      at += 12 + length + 1;
    }
    this.#unsynced.push({ path, zxids, sessions, ended });
  }

  /** A sync makes durable what had been written when it began, under a name that is durable. */
  #synced(path: string, { began, ended }: Call): void {
    if ((this.#written.get(path) ?? 0) < began) this.#written.delete(path);
    const covered = this.#unsynced.filter((one) => one.path === path && one.ended < began);
    this.#unsynced = this.#unsynced.filter((one) => !covered.includes(one));
    for (const { zxids, sessions } of covered) {
      if (zxids.length > 0 && this.#newNames.has(path)) {
        this.verdict.wrong.push(
          `${ended}: entries in ${basename(path)}, whose name is not durable`,
        );
      }
      for (const zxid of zxids) if (zxid > this.#durable) this.#durable = zxid;
      for (const session of sessions) this.#durableSessions.add(session);
    }
  }

  #renamed([from = '', to = '']: string[], { ended }: Call): void {
    if (!to.includes('/version-2/')) return;
    if (this.#written.has(from)) {
      this.verdict.wrong.push(`${ended}: ${basename(to)} gets its name before it is synced`);
    }
    this.verdict.renamed.push(basename(to));
    this.#newNames.delete(from);
    this.#newNames.set(to, ended);
  }

  /** Whole frames, the first of each connection the answer to its connect request. */
  #sent(socket: string, { text, ended }: Call): void {
    const pieces = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, one = '']) =>
      bytesOf(one),
    );
    const before = this.#greeted.get(socket);
    let bytes = Buffer.concat([before ?? Buffer.alloc(0), ...pieces]);
    let isFirst = before === undefined;
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      const frame = bytes.subarray(4, 4 + bytes.readInt32BE(0));
      bytes = bytes.subarray(4 + frame.length);
      if (isFirst) {
        const session = frame.readBigInt64BE(8);
        this.verdict.sessions++;
        if (!this.#durableSessions.has(session)) this.verdict.wrong.push(`${ended}: a session`);
      } else {
        const zxid = frame.readBigInt64BE(4);
        this.verdict.replies++;
        if (zxid > this.#durable) this.verdict.wrong.push(`${ended}: a reply with zxid ${zxid}`);
      }
      isFirst = false;
    }
    this.#greeted.set(socket, bytes);
  }

  /** What must be true in the end: no name is left that a crash could take away. */
  finish(): Verdict {
    for (const name of this.#newNames.keys()) {
      this.verdict.wrong.push(`the end: the name of ${basename(name)} is not durable`);
    }
    return this.verdict;
  }
}

/** Judges a trace of openat, pwrite64, fdatasync, fsync, rename, write and writev. */
export function judge(trace: string): Verdict {
  const judging = new Judge();
  for (const call of callsOf(trace)) judging.take(call);
  return judging.finish();
}
