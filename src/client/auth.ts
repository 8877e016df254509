// The session's credentials: sent on every connection, answered by the server in the same order.

import { Fifo } from '../base/fifo.ts';
import type { Writer } from '../wire/bytes.ts';
import type { AuthInfo } from './api.ts';
import { writeAuth } from './rewatch.ts';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

interface Credential {
  readonly scheme: string;
  readonly auth: Uint8Array;
  /** Callers of addAuth that wait for a server to take it. */
  waiters: Waiter[];
}

export const authBytes = (auth: string | Uint8Array): Uint8Array =>
  typeof auth === 'string' ? Buffer.from(auth) : auth;

export class Credentials {
  readonly #known: Credential[];
  /** Sent on this connection and not answered. */
  readonly #unanswered = new Fifo<Credential>();

  constructor(first: readonly AuthInfo[]) {
    this.#known = first.map(({ scheme, auth }) => ({ scheme, auth: authBytes(auth), waiters: [] }));
  }

  /** Keeps a credential and sends it when there is a connection to write to. */
  add(scheme: string, auth: Uint8Array, waiter: Waiter, out: Writer | null): void {
    const credential: Credential = { scheme, auth: Buffer.from(auth), waiters: [waiter] };
    this.#known.push(credential);
    if (out !== null) this.#send(credential, out);
  }

  /** Sends everything, as the first thing on a new connection. */
  sendAll(out: Writer): void {
    for (const credential of this.#known) this.#send(credential, out);
  }

  #send(credential: Credential, out: Writer): void {
    writeAuth(out, credential.scheme, credential.auth);
    this.#unanswered.push(credential);
  }

  /** The connection is gone: those without an answer go out again on the next. */
  disconnected(): void {
    this.#unanswered.drain();
  }

  /** Takes the server's next answer; the waiters it is for, null when nothing was asked. */
  answered(): Waiter[] | null {
    const credential = this.#unanswered.shift();
    if (credential === undefined) return null;
    const { waiters } = credential;
    credential.waiters = [];
    return waiters;
  }

  /** Everyone who still waits. */
  allWaiters(): Waiter[] {
    const waiting = this.#known.flatMap((credential) => credential.waiters);
    for (const credential of this.#known) credential.waiters = [];
    return waiting;
  }
}
