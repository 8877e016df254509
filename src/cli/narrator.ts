// What the shell says without being asked: events, changes of a session, hints; and how failures look.
import { hex0x } from '../base/ids.ts';
import type { StateEvent, WatchedEvent } from '../client/api.ts';
import type { Failure } from './errors.ts';
import { eventJson, eventText } from './eventText.ts';
import { DEFAULT_SESSION, type SessionSlot } from './sessionSlot.ts';
import type { AsyncText } from './shellApi.ts';
import type { Sink } from './sink.ts';

export interface NarratorOptions {
  /** Who types: decides where events go and whether a command waits for the connection. */
  readonly mode: 'terminal' | 'script' | 'oneShot';
  /** One JSON document per result, failure and event. */
  readonly json: boolean;
  /** Only results and failures. */
  readonly quiet: boolean;
  /** After an expiry a new session is opened without being asked. */
  readonly autoReconnect: boolean;
}

/** A hint is for learning: after so many times it is noise. */
const HINT_TIMES = 3;

/** What sets a watch again that an event of this type has used up. */
const AGAIN: Readonly<Record<string, string>> = {
  NodeChildrenChanged: 'ls',
  NodeDataChanged: 'get',
  NodeCreated: 'stat',
  NodeDeleted: 'stat',
};

/** A persistent watch stays after an event. */
const isPersistent = (slot: SessionSlot, path: string): boolean =>
  slot.zk
    ?.watches()
    .some(
      (watch) =>
        (watch.kind === 'persistent' && watch.path === path) ||
        (watch.kind === 'persistentRecursive' &&
          (watch.path === path || path.startsWith(watch.path === '/' ? '/' : `${watch.path}/`))),
    ) === true;

const count = (n: number, what: string, plural = 's'): string =>
  `${n} ${what}${n === 1 ? '' : plural}`;

export class Narrator {
  /** Whether events are shown. */
  printWatches = true;
  /** Set when the shell ends: what its own closing does to the sessions is no news. */
  isSilent = false;
  readonly #options: NarratorOptions;
  readonly #out: Sink;
  readonly #err: Sink;
  #listener: ((text: AsyncText) => void) | undefined;
  readonly #hints = new Map<string, number>();
  /** What was said since the connection went: with several servers reasons come in turn. */
  readonly #retries = new Set<string>();

  constructor(options: NarratorOptions, sinks: { readonly out: Sink; readonly err: Sink }) {
    this.#options = options;
    this.#out = sinks.out;
    this.#err = sinks.err;
  }

  get #isTerminal(): boolean {
    return this.#options.mode === 'terminal';
  }

  onOutput(listener: (text: AsyncText) => void): void {
    this.#listener = listener;
  }

  #print(stream: 'out' | 'err', text: string): void {
    if (this.#listener !== undefined) this.#listener({ stream, text });
    else (stream === 'out' ? this.#out : this.#err).line(text);
  }

  event(slot: SessionSlot, event: WatchedEvent): void {
    const { mode, json, quiet } = this.#options;
    const isSession = event.type === 'None';
    if (mode === 'oneShot' || !this.printWatches || this.isSilent) return;
    if (isSession && mode === 'script' && quiet) return;
    const name = slot.name === DEFAULT_SESSION ? undefined : slot.name;
    const text = json ? JSON.stringify(eventJson(event, slot.name)) : eventText(event, name);
    this.#print(isSession && mode === 'script' ? 'err' : 'out', text);
    const again = AGAIN[event.type];
    if (event.path !== null && again !== undefined && !isPersistent(slot, event.path)) {
      this.hint('used up', `this watch is used up; ${again} -w ${event.path} sets it again`);
    }
  }

  state(slot: SessionSlot, event: StateEvent): void {
    if (this.#options.mode === 'oneShot' || this.isSilent) return;
    if (event.state === 'expired') this.#print('err', this.#expired(slot, event));
    if (event.state === 'connected') this.#retries.clear();
    if (event.state !== 'connecting' || event.reason === '') return;
    // One line for each reason, not one for each try.
    const text = `${event.reason}, retrying`;
    if (!this.#retries.has(text) && !this.#options.quiet) this.#print('err', text);
    this.#retries.add(text);
  }

  #expired(slot: SessionSlot, { watchesLost }: StateEvent): string {
    const id = slot.zk === undefined ? '' : ` ${hex0x(slot.zk.sessionId)}`;
    const next = this.#options.autoReconnect ? 'opening a new session' : 'type connect';
    const lost = `${count(slot.ephemerals.size, 'ephemeral')}, ${count(watchesLost, 'watch', 'es')} lost`;
    const name = slot.name === DEFAULT_SESSION ? '' : `@${slot.name}\n`;
    return `${name}session${id} expired: ${lost}; ${next}`;
  }

  /** Said while the shell ends, too: ephemerals that stay are news. */
  unanswered({ zk, server }: SessionSlot): void {
    if (zk === undefined || this.#options.quiet) return;
    const who = zk.server ?? server;
    const session = `session ${hex0x(zk.sessionId)}`;
    const until = `within ${zk.sessionTimeout} ms`;
    this.#print('err', `${who} does not answer: ${session} ends when it expires, ${until}`);
  }

  failure({ message, code, path, hint }: Failure): void {
    if (code === 'Interrupted') return;
    if (this.#options.json) {
      this.#out.line(JSON.stringify({ error: { code, path, message } }));
      return;
    }
    this.#err.line(this.#isTerminal ? this.#err.style.red(message) : message);
    if (hint !== undefined && this.#isTerminal) this.#err.line(this.#dimHint(hint));
  }

  hint(key: string, text: string, times = HINT_TIMES): void {
    const shown = this.#hints.get(key) ?? 0;
    if (!this.#isTerminal || this.#options.json || shown >= times) return;
    this.#hints.set(key, shown + 1);
    this.#print('err', this.#dimHint(text));
  }

  #dimHint(text: string): string {
    return this.#err.style.dim(`hint: ${text}`);
  }
}
