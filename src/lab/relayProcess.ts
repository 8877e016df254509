// The process of `zk lab relay`: all relays of one lab, and the socket over which they are cut.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { holderOf, lockDir } from '../server/storage/lock.ts';
import { makeDirs } from '../server/storage/makeDirs.ts';
import { dataDirOf, type Lab, relayDirOf } from './labFile.ts';
import type { Partition } from './partition.ts';
import { Relay } from './relay.ts';
import type { RelayReply, RelayRequest } from './relayControl.ts';

/** How often it is looked which servers run. */
const LOOK_MS = 100;
const MOST_REQUEST = 64 * 1024;

class RelayProcess {
  readonly #lab: Lab;
  readonly #relays: readonly Relay[];
  #partition: Partition | null = null;

  constructor(lab: Lab) {
    this.#lab = lab;
    const targets = new Map(lab.servers.map((server) => [server.id, server]));
    this.#relays = lab.routes.map(({ from, to, kind, port }) => {
      const server = targets.get(to);
      const target = (kind === 'peer' ? server?.peerPort : server?.electionPort) ?? 0;
      return new Relay({ from, to, port, target }, (what) => console.error(what));
    });
  }

  /** A port of a server that is gone refuses, as its own would. */
  look(): void {
    const up = new Set(
      this.#lab.servers.map(({ id }) => id).filter((id) => holderOf(dataDirOf(this.#lab, id))),
    );
    for (const relay of this.#relays) relay.isTargetUp = up.has(relay.to);
  }

  answer({ partition }: RelayRequest): RelayReply {
    if (partition !== undefined) {
      this.#partition = partition;
      const cuts = new Set(partition?.cuts.map(([from, to]) => `${from} ${to}`));
      for (const relay of this.#relays) {
        const { from, to } = relay;
        relay.passage = { there: !cuts.has(`${from} ${to}`), back: !cuts.has(`${to} ${from}`) };
      }
    }
    return { partition: this.#partition };
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
  }
}

/** Runs until SIGTERM; `onListening` once commands can reach it. */
export async function runRelay(lab: Lab, onListening: () => void): Promise<void> {
  makeDirs(relayDirOf(lab));
  const lock = lockDir(relayDirOf(lab));
  // The name of a socket is short, that of a directory may not be.
  process.chdir(lab.dir);
  rmSync('relay.sock', { force: true });
  const relays = new RelayProcess(lab);
  const control = createServer((socket) => serve(socket, relays));
  relays.look();
  const looking = setInterval(() => {
    // Whoever removed the directory meant all of the lab.
    if (!lock.isHeld()) process.exit(1);
    relays.look();
  }, LOOK_MS);
  await new Promise<void>((resolve, reject) => {
    // Ctrl-C at the terminal that started it is not meant for it.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', resolve);
    control.once('error', reject);
    control.listen('relay.sock', onListening);
  });
  clearInterval(looking);
  control.close();
  relays.close();
  lock.release();
  // A command that waits for an answer is told by the end of its connection.
  process.exit(0);
}

function serve(socket: Socket, relays: RelayProcess): void {
  let text = '';
  socket.on('error', () => undefined); // a command that was interrupted
  socket.on('data', (chunk) => {
    text += chunk;
    if (text.length > MOST_REQUEST) socket.destroy();
    if (!text.endsWith('\n')) return;
    try {
      socket.end(`${JSON.stringify(relays.answer(JSON.parse(text) as RelayRequest))}\n`);
    } catch (error) {
      console.error(`a request that is none: ${String(error)}`);
      socket.destroy();
    }
  });
}
