// Gets a session a connection and, when that is lost, the next one: hosts in turn, pauses between rounds.

import type { Reader } from '../wire/bytes.ts';
import type { ConnectRequest, ConnectResponse } from '../wire/client.ts';
import type { Host } from './connectString.ts';
import { Hosts, type Target } from './hosts.ts';
import { Link } from './link.ts';
import type { Timer, World } from './world.ts';
import { WriterSearch } from './writerSearch.ts';

/** Between two rounds of failed attempts. */
const ROUND_PAUSE_MS = 1000;
/** Clients of a lost server come back spread over this time, as Apache's do. */
const RECONNECT_SPREAD_MS = 1000;

export interface ConnectorEvents {
  /** An attempt begins. */
  connecting(server: string): void;
  /** An attempt failed; `isRoundOver` when every server has been tried in vain. */
  failed(server: string, reason: Error, isRoundOver: boolean): void;
  /** A server answered; say `accept` or `stop`. */
  greeted(response: ConnectResponse): void;
  frame(reader: Reader): void;
  /** An accepted connection is gone; the next attempt is already planned. */
  lost(server: string, reason: Error, heardAt: number): void;
}

export interface ConnectorOptions {
  readonly hosts: readonly Host[];
  readonly maxFrame: number;
  /** What to say to the next server. */
  greeting(): ConnectRequest;
  sessionTimeoutMs(): number;
}

export class Connector {
  readonly #world: World;
  readonly #options: ConnectorOptions;
  readonly #events: ConnectorEvents;
  readonly #hosts: Hosts;
  #link: Link | null = null;
  #isAccepted = false;
  #isStopped = false;
  #preferred: Target | null = null;
  #search: WriterSearch | null = null;
  #retry: Timer | null = null;

  constructor(world: World, options: ConnectorOptions, events: ConnectorEvents) {
    this.#world = world;
    this.#options = options;
    this.#events = events;
    this.#hosts = new Hosts(options.hosts, world);
    // In the next turn, so that the program can listen before anything happens.
    world.soon(() => this.#attempt());
  }

  /** The accepted connection, null while there is none. */
  get link(): Link | null {
    return this.#isAccepted ? this.#link : null;
  }

  /** A server may be making the session right now. */
  get isGreeting(): boolean {
    return this.#link?.isGreeting === true;
  }

  /** Takes the server that greeted, for a session of so many milliseconds. */
  accept(sessionTimeoutMs: number, isReadOnly: boolean): void {
    this.#isAccepted = true;
    this.#hosts.succeeded();
    this.#link?.keepAlive(sessionTimeoutMs);
    this.#search?.stop();
    this.#search = null;
    if (!isReadOnly) return;
    this.#search = new WriterSearch(this.#options.hosts, this.#world, (target) => {
      this.#preferred = target;
      this.#link?.fail(new Error(`${target.name} takes writes`));
    });
  }

  /** Ends the connection and all attempts; no event follows. */
  stop(): void {
    this.#isStopped = true;
    this.#link?.end();
    this.#link = null;
    this.#isAccepted = false;
    this.#search?.stop();
    this.#retry?.cancel();
  }

  #attempt(): void {
    if (this.#isStopped) return;
    const preferred = this.#preferred;
    this.#preferred = null;
    if (preferred !== null) {
      this.#open(preferred);
      return;
    }
    this.#hosts.next((target, name) => {
      if (this.#isStopped) return;
      if (target instanceof Error) this.#failed(name, target);
      else this.#open(target);
    });
  }

  #open(target: Target): void {
    this.#events.connecting(target.name);
    // A listener may have ended the session on hearing that.
    if (this.#isStopped) return;
    const options = {
      target,
      connectTimeoutMs: this.#options.sessionTimeoutMs() / this.#hosts.size,
      maxFrame: this.#options.maxFrame,
      greeting: this.#options.greeting(),
    };
    this.#link = new Link(this.#world, options, {
      greeted: (response) => this.#events.greeted(response),
      frame: (reader) => this.#events.frame(reader),
      ended: (reason) => this.#ended(target.name, reason),
    });
  }

  #ended(name: string, reason: Error): void {
    const heardAt = this.#link?.heardAt ?? this.#world.now();
    const wasAccepted = this.#isAccepted;
    this.#link = null;
    this.#isAccepted = false;
    this.#search?.stop();
    this.#search = null;
    if (!wasAccepted) {
      this.#failed(name, reason);
      return;
    }
    this.#plan(this.#preferred === null ? this.#world.random() * RECONNECT_SPREAD_MS : 0);
    this.#events.lost(name, reason, heardAt);
  }

  #failed(name: string, reason: Error): void {
    const isRoundOver = this.#hosts.endRound();
    this.#plan(isRoundOver ? ROUND_PAUSE_MS : 0);
    this.#events.failed(name, reason, isRoundOver);
  }

  #plan(delayMs: number): void {
    this.#retry = this.#world.after(delayMs, () => this.#attempt());
  }
}
