// While connected to a read-only server: asks the others with `isro` whether one of them takes writes.

import type { Host } from './connectString.ts';
import { Hosts, type Target } from './hosts.ts';
import type { Socket, Timer, World } from './world.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;
const ANSWER_MS = 1000;

export class WriterSearch {
  readonly #world: World;
  readonly #hosts: Hosts;
  readonly #found: (target: Target) => void;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: Timer | null;
  #socket: Socket | null = null;
  #isStopped = false;

  constructor(hosts: readonly Host[], world: World, found: (target: Target) => void) {
    this.#world = world;
    this.#hosts = new Hosts(hosts, world);
    this.#found = found;
    this.#timer = world.after(this.#pauseMs, () => this.#ask());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#socket?.destroy();
  }

  #pause(): void {
    this.#socket?.destroy();
    this.#socket = null;
    this.#timer?.cancel();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#timer = this.#world.after(this.#pauseMs, () => this.#ask());
  }

  #ask(): void {
    this.#hosts.next((target) => {
      if (this.#isStopped) return;
      if (target instanceof Error) this.#pause();
      else this.#askServer(target);
    });
  }

  #askServer(target: Target): void {
    let answer = '';
    const socket = this.#world.dial(target.address, target.port, {
      connected: () => socket.write(Buffer.from('isro')),
      data: (chunk) => {
        answer += chunk.toString('latin1');
        // "rw" or "ro"; a server that does not let us ask sends a sentence.
        if (answer.length >= 2) this.#answered(target, answer.trim());
      },
      closed: () => this.#pause(),
    });
    this.#socket = socket;
    this.#timer = this.#world.after(ANSWER_MS, () => this.#pause());
  }

  #answered(target: Target, answer: string): void {
    if (answer !== 'rw') {
      this.#pause();
      return;
    }
    this.stop();
    this.#found(target);
  }
}
