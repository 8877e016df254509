// Random conversations of three sessions: our server and Apache's must give the same replies and events.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWithPeers } from '../support/foreign.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { conversation, type Step } from '../support/requests.ts';
import { type ServerKind, startServer } from '../support/servers.ts';

/** ZK_SEEDS=7,8 and ZK_STEPS=2000 look further; ZK_TRANSCRIPTS=folder keeps what both said. */
const seeds = (process.env.ZK_SEEDS ?? '1,2,3,4').split(',').map(Number);
const steps = Number(process.env.ZK_STEPS ?? 400);

const connectFrame = `0000002d${'0'.repeat(24)}00007530${'0'.repeat(16)}00000010${'0'.repeat(34)}`;
const pingFrame = '00000008fffffffe0000000b';
const isEvent = (frame: string) => frame.slice(8, 16) === 'ffffffff';
const isPing = (frame: string) => frame.slice(8, 16) === 'fffffffe';

class Client {
  readonly #link: RawConnection;
  readonly id: string;
  #xid = 0;

  private constructor(link: RawConnection, id: string) {
    this.#link = link;
    this.id = id;
  }

  static async open(port: number): Promise<Client> {
    const link = await RawConnection.open(port);
    link.send(Buffer.from(connectFrame, 'hex'));
    const [reply = ''] = await link.until((frames) => frames.length > 0);
    return new Client(link, reply.slice(24, 40));
  }

  /** Sends a request; gives its reply, and the events that came before it. */
  async ask(step: Step): Promise<string[]> {
    const header = Buffer.alloc(12);
    header.writeInt32BE(step.body.length + 8, 0);
    header.writeInt32BE(step.xid ?? ++this.#xid, 4);
    header.writeInt32BE(step.opcode, 8);
    this.#link.send(Buffer.concat([header, step.body]));
    return this.#link.until((frames) => frames.some((frame) => !isEvent(frame)));
  }

  /** Events that are here or on their way: those before the answer of a ping. */
  async events(): Promise<string[]> {
    this.#link.send(Buffer.from(pingFrame, 'hex'));
    const frames = await this.#link.until((all) => all.some(isPing));
    return frames.filter((frame) => !isPing(frame));
  }

  end(): void {
    this.#link.end();
  }
}

/** A cursor over the hex of a reply. */
class Cursor {
  readonly #hex: string;
  at: number;

  constructor(hex: string, at: number) {
    this.#hex = hex;
    this.at = at;
  }

  take(bytes: number): string {
    const taken = this.#hex.slice(this.at, this.at + 2 * bytes);
    this.at += 2 * bytes;
    return taken;
  }

  int(): number {
    return Number.parseInt(this.take(4), 16) | 0;
  }

  /** A vector of strings, sorted: Apache keeps children in a hash. */
  names(): string {
    const names = Array.from({ length: this.int() }, () => {
      const length = this.int();
      return Buffer.from(this.take(Math.max(length, 0)), 'hex').toString();
    });
    return `[${names.toSorted((a, b) => (a < b ? -1 : 1)).join(', ')}]`;
  }

  get rest(): string {
    return this.#hex.slice(this.at);
  }
}

const STAT = 68;
const BODY = 40; // hex digits of length, xid, zxid and error

/** The results of a multiRead one by one, as the children among them have no order. */
function readResults(cursor: Cursor): string {
  const results: string[] = [];
  for (;;) {
    const header = cursor.take(9);
    const type = Number.parseInt(header.slice(0, 8), 16) | 0;
    if (header.slice(8, 10) === '01') return `${results.join(' ')} ${cursor.rest}`;
    if (type === 8) results.push(`${header} ${cursor.names()}`);
    else if (type === -1) results.push(`${header} ${cursor.take(4)}`);
    else {
      const length = cursor.int();
      results.push(`${header} ${length} ${cursor.take(Math.max(length, 0))} ${cursor.take(STAT)}`);
    }
  }
}

function shown(reply: string, opcode: number): string {
  const header = `${reply.slice(8, 16)} zxid ${reply.slice(16, 32)} err ${reply.slice(32, BODY)}`;
  if (isEvent(reply) || reply.slice(32, BODY) !== '00000000')
    return `${header} ${reply.slice(BODY)}`;
  const cursor = new Cursor(reply, BODY);
  if (opcode === 8 || opcode === 103) return `${header} ${cursor.names()} ${cursor.rest}`;
  if (opcode === 12) return `${header} ${cursor.names()} ${cursor.rest}`;
  if (opcode === 22) return `${header} ${readResults(cursor)}`;
  return `${header} ${reply.slice(BODY)}`;
}

/** Hides what differs by nature: the ids of sessions and the time of day. */
function hide(text: string, ids: string[]): string {
  let hidden = text;
  for (const [index, id] of ids.entries()) hidden = hidden.replaceAll(id, `<session ${index}>`);
  // Milliseconds of any day near this one start with these digits.
  const start = Date.now().toString(16).padStart(16, '0').slice(0, 8);
  return hidden.replaceAll(new RegExp(`${start}[0-9a-f]{8}`, 'g'), '<time>');
}

/** Everything that the clients got, one line for each step. */
async function play(kind: ServerKind, all: Step[]): Promise<string[]> {
  const server = await startServer(kind, {
    config: { tickTime: 2000, 'znode.container.checkIntervalMs': 600_000 },
  });
  const clients: Client[] = [];
  for (let i = 0; i < 3; i++) clients.push(await Client.open(server.port));
  const ids = clients.map((client) => client.id);
  const lines: string[] = [];
  for (const [index, step] of all.entries()) {
    const client = clients[step.session] as Client;
    const got = [(await client.ask(step)).map((frame) => shown(frame, step.opcode))];
    if (step.opcode === -11) {
      client.end();
      const next = await Client.open(server.port);
      clients[step.session] = next;
      ids.push(next.id);
    }
    for (const other of clients) got.push((await other.events()).map((frame) => shown(frame, 0)));
    // Several watches of setWatches and several ephemerals of a session fire in the order of a hash.
    const isUnordered = step.opcode === 101 || step.opcode === -11;
    const frames = got.map((some) =>
      isUnordered ? some.toSorted((a, b) => (a < b ? -1 : 1)) : some,
    );
    const parts = frames.map((some) => some.join(' + ')).join(' | ');
    lines.push(hide(`${index} session ${step.session} ${step.label}: ${parts}`, ids));
  }
  for (const client of clients) client.end();
  await server.stop();
  return lines;
}

describeWithPeers('random conversations', ['apache'], () => {
  for (const seed of seeds) {
    test(`seed ${seed}: the same answers from Apache's server and from ours`, async () => {
      const all = conversation(seed, steps);
      const [theirs, ours] = await Promise.all([play('apache', all), play('ours', all)]);
      const folder = process.env.ZK_TRANSCRIPTS;
      if (folder !== undefined) {
        writeFileSync(join(folder, `${seed}.apache`), theirs.join('\n'));
        writeFileSync(join(folder, `${seed}.ours`), ours.join('\n'));
      }
      const at = theirs.findIndex((line, index) => line !== ours[index]);
      // The first difference alone: what follows is often only its consequence.
      expect(at < 0 ? '' : ours[at], theirs.slice(Math.max(0, at - 5), at).join('\n')).toBe(
        at < 0 ? '' : theirs[at],
      );
      expect(ours.length).toBe(all.length);
    });
  }
});
