// What happened in a run: a hash of all of it, and, when asked for, one line per event in fixed columns.
import { hex0x, type Zxid } from '../../src/base/ids.ts';

/** What a line says of the server that it is about. */
export interface Subject {
  readonly id: number;
  readonly role: string;
  readonly epoch: number;
  readonly lastZxid: Zxid;
}

const MASK = 0xffffffffn;
const NO_DETAIL = (): string => '';

export class Trace {
  readonly lines: string[] | null;
  /** The last lines are kept only; a failing run may be long. */
  readonly #limit: number;
  #hash = 0x811c9dc5;
  readonly #now: () => number;

  constructor(now: () => number, limit: number) {
    this.#now = now;
    this.#limit = limit;
    this.lines = limit > 0 ? [] : null;
  }

  /** Of all events so far; equal for equal runs. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /**
   * @param detail what the line says instead of `what`; looked at only when lines are wanted
   * @param code what tells this event from others of its kind, for the hash
   */
  note(subject: Subject | null, what: string, detail: () => string = NO_DETAIL, code = 0): void {
    const now = this.#now();
    let hash = this.#mix(Math.floor(now * 1000));
    if (subject !== null) {
      hash = this.#mix(subject.id * 64 + subject.role.length);
      hash = this.#mix(Number(subject.lastZxid & MASK) ^ subject.epoch);
    }
    if (code !== 0) hash = this.#mix(code);
    for (let i = 0; i < what.length; i++) hash = Math.imul(hash ^ what.charCodeAt(i), 0x01000193);
    this.#hash = hash;
    if (this.lines === null) return;
    const text = detail === NO_DETAIL ? what : detail();
    this.lines.push(lineOf(now, subject, text));
    if (this.lines.length > this.#limit * 2) this.lines.splice(0, this.#limit);
  }

  #mix(value: number): number {
    this.#hash = Math.imul(this.#hash ^ (value & 0xffff), 0x01000193);
    this.#hash = Math.imul(this.#hash ^ (value >>> 16), 0x01000193);
    return this.#hash;
  }
}

/** Where the event begins in a line. */
export const EVENT_AT = 47;

/** time server role epoch zxid event */
export function lineOf(now: number, subject: Subject | null, text: string): string {
  const time = now.toFixed(1).padStart(10);
  if (subject === null)
    return `${time}  -  ${' '.repeat(11)} ${' '.repeat(5)} ${' '.repeat(13)} ${text}`;
  const { id, role, epoch, lastZxid } = subject;
  const columns = `${role.padEnd(11)} ${String(epoch).padStart(5)} ${hex0x(lastZxid).padEnd(13)}`;
  return `${time}  ${id}  ${columns} ${text}`;
}
