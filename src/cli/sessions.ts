// The sessions of a shell by name: opened at first use, one of them current, all closed in the end.
import type { AuthInfo, StateEvent } from '../client/api.ts';
import { findsReadOnly, untilConnected } from './connecting.ts';
import type { Narrator } from './narrator.ts';
import { type ClientFactory, DEFAULT_SESSION, SessionSlot } from './sessionSlot.ts';

export interface SessionOptions {
  /** Connect string of the first session and of every named one. */
  readonly server: string;
  /** Session timeout to ask for. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly readOnly: boolean;
  readonly auth: readonly AuthInfo[];
  /** Who types: a terminal shows the connection in its prompt, all others wait for it. */
  readonly mode: 'terminal' | 'script' | 'oneShot';
  /** Even at a terminal the first command waits for the connection. */
  readonly waitForConnection: boolean;
  /** After an expiry a new session is opened without being asked. */
  readonly autoReconnect: boolean;
}

export class Sessions {
  current: SessionSlot;
  readonly #options: SessionOptions;
  readonly #client: ClientFactory;
  readonly #narrator: Narrator;
  /** Told after every change that a prompt could show. */
  readonly #changed: () => void;
  readonly #slots = new Map<string, SessionSlot>();
  #isClosing = false;

  constructor(
    options: SessionOptions,
    client: ClientFactory,
    narrator: Narrator,
    changed: () => void,
  ) {
    this.#options = options;
    this.#client = client;
    this.#narrator = narrator;
    this.#changed = changed;
    this.current = this.named(DEFAULT_SESSION);
  }

  get all(): readonly SessionSlot[] {
    return [...this.#slots.values()];
  }
  get names(): readonly string[] {
    return [...this.#slots.keys()];
  }

  /** The session of that name, not yet opened when it is new. */
  named(name: string): SessionSlot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = new SessionSlot(name, this.#options.server, {
        onEvent: (from, event) => this.#narrator.event(from, event),
        onState: (from, event) => this.#onState(from, event),
        onUnanswered: (from) => this.#narrator.unanswered(from),
      });
      this.#slots.set(name, slot);
    }
    return slot;
  }

  #onState(slot: SessionSlot, event: StateEvent): void {
    this.#narrator.state(slot, event);
    this.#changed();
    const isLost = event.state === 'expired' && this.#options.autoReconnect && !this.#isClosing;
    if (isLost) setImmediate(() => this.open(slot));
  }

  open(slot: SessionSlot): void {
    const { timeoutMs, readOnly, auth } = this.#options;
    slot.open(this.#client, { sessionTimeout: timeoutMs, readOnly, auth });
    this.#changed();
  }

  /** Makes sure of a session; where nobody watches the prompt it also waits until it is connected. */
  async ready(slot: SessionSlot, signal: AbortSignal): Promise<void> {
    const { mode, waitForConnection, connectTimeoutMs } = this.#options;
    if (slot.zk === undefined) this.open(slot);
    if (slot.live().isConnected || (mode === 'terminal' && !waitForConnection)) return;
    await untilConnected(slot, connectTimeoutMs, signal, async () => {
      const { timeoutMs, readOnly } = this.#options;
      if (readOnly) return false;
      const zk = this.#client(slot.server, { sessionTimeout: timeoutMs, readOnly: true });
      return await findsReadOnly(zk, connectTimeoutMs, signal);
    });
  }

  async switchTo(slot: SessionSlot, signal: AbortSignal): Promise<void> {
    this.current = slot;
    if (slot.zk === undefined) await this.ready(slot, signal);
    this.#changed();
  }

  /** A new session in place of the old one. */
  async connect(slot: SessionSlot, server: string | undefined, signal: AbortSignal): Promise<void> {
    await slot.close(signal);
    if (server !== undefined) slot.server = server;
    this.open(slot);
    await this.ready(slot, signal);
  }

  /** Closes a session and forgets its name. */
  async drop(slot: SessionSlot, signal: AbortSignal): Promise<void> {
    await slot.close(signal);
    this.#slots.delete(slot.name);
    if (this.current === slot) this.current = this.named(DEFAULT_SESSION);
    this.#changed();
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.#isClosing = true;
    this.#narrator.isSilent = true;
    await Promise.all(this.all.map((slot) => slot.close(signal)));
  }
}
