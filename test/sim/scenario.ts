// A scenario as text: commands, what happens after each of them as a trace, and at the end whether all
// servers are the same. See test/scenarios.
import { CreateMode } from '../../src/wire/opcodes.ts';
import { SimClient } from './client.ts';
import { optionsOf } from './options.ts';
import type { Request } from './requests.ts';
import type { SimServer } from './server.ts';
import { EVENT_AT } from './trace.ts';
import { World } from './world.ts';

/** What a command may take, in virtual ms. */
const PATIENCE = 60_000;
/** Of the trace only this is shown: the disk, the history, the roles, the clients. */
const SHOWN =
  /(start|crash|established|logged|epochSaved|truncated|restarted|lost|damaged|healed|cut|kept|notTruncated) ?|> (log|saveEpoch|truncate|restart|distrust|sendHistory|sendSnapshot)|client|(DIFF|TRUNC|SNAP|NEWLEADER|UPTODATE|PROPOSAL|COMMIT|INFORM|ACK|SYNC) 0x|Shutting down/;
/** What arrives is enough. */
const HIDDEN = /> (DIFF|TRUNC|SNAP|NEWLEADER|UPTODATE|PROPOSAL|COMMIT|INFORM|ACK|SYNC) 0x/;

class Scenario {
  #world: World | null = null;
  readonly #clients = new Map<string, SimClient>();
  readonly #out: string[] = [];
  #seen = 0;

  run(commands: readonly string[]): string {
    for (const command of commands) {
      if (command === '' || command.startsWith('#')) continue;
      this.#out.push(`== ${command}`);
      this.#command(command.split(/\s+/));
      this.#show();
    }
    this.#out.push('== all are the same at the end');
    const { world } = this;
    world.finish();
    this.#out.push(`   ${world.oracle.tip.index} transactions, leader ${world.leader?.id}`);
    return `${this.#out.join('\n')}\n`;
  }

  get world(): World {
    if (this.#world === null) throw new Error('the first command is "servers N"');
    return this.#world;
  }

  #show(): void {
    const lines = this.world.trace.lines ?? [];
    for (const line of lines.slice(this.#seen)) {
      const text = line.slice(EVENT_AT);
      if (SHOWN.test(text) && !HIDDEN.test(text)) this.#out.push(line.trimEnd());
    }
    this.#seen = lines.length;
  }

  #command([verb = '', ...args]: string[]): void {
    const first = args[0] ?? '';
    const ids = args.filter((arg) => /^\d+$/.test(arg)).map(Number);
    switch (verb) {
      case 'servers':
        this.#make(Number(first), Number(args[2] ?? 0));
        return;
      case 'start':
        for (const id of ids) this.#server(id).start();
        return;
      case 'await':
        this.#await(args);
        return;
      case 'run':
        this.world.until(this.world.timers.now + Number(first), () => false);
        return;
      case 'crash':
        if (args[1] === 'before') this.#server(Number(first)).dieBefore = args.slice(2).join(' ');
        else for (const id of ids) this.#crash(id);
        return;
      case 'cut': {
        const at = args.indexOf('|');
        this.world.network.cutApart(args.slice(0, at).map(Number), args.slice(at + 1).map(Number));
        return;
      }
      case 'heal':
        this.world.network.heal();
        return;
      case 'client':
        this.#connect(first, Number(args[2]));
        return;
      default:
        if (this.#clients.has(verb)) this.#ask(verb, args);
        else this.#disk(verb, Number(first), Number(args[1] ?? 0));
    }
  }

  #disk(verb: string, id: number, ms: number): void {
    const server = this.#server(id);
    switch (verb) {
      case 'pause':
        server.pause();
        return;
      case 'wake':
        server.wake();
        return;
      case 'slow':
        server.syncTime = ms;
        return;
      case 'fast':
        server.hurryDisk();
        return;
      case 'fail':
        server.failing = 1;
        return;
      case 'lose':
        this.world.oracle.durability.lost(server);
        server.medium.lose();
        this.world.trace.note(server, 'lost its disk');
        return;
      case 'snapshot':
        server.medium.keepOnly(server.replica.state);
        this.world.trace.note(server, 'kept its newest snapshot only');
        return;
      case 'damage':
        this.world.oracle.durability.lost(server);
        server.medium.damage(this.world.random);
        this.world.trace.note(server, 'damaged');
        return;
      default:
        throw new Error(`no command ${verb}`);
    }
  }

  #make(voters: number, observers: number): void {
    const options = optionsOf(1, {
      voters,
      observers,
      clients: 0,
      tickTime: 1000,
      initLimit: 5,
      syncLimit: 5,
      isEven: true,
      delay: 1,
      electionLoss: 0,
      syncTime: 1,
      powerCuts: 1,
      skew: 0,
      snapCount: 100_000,
      pieceSize: 1 << 18,
      leaderServes: true,
      wallStart: 1_700_000_000_000,
      lastCounter: 0xfff0_0000,
      startsAt: 0n,
      readOnlyMode: false,
      commitLogCount: 500,
      lateness: 0,
      tellsReachability: false,
    });
    this.#world = new World(options, Number.POSITIVE_INFINITY);
    this.#world.faults.isManual = true;
  }

  #server(id: number): SimServer {
    const server = this.world.servers[id - 1];
    if (server === undefined) throw new Error(`no server ${id}`);
    return server;
  }

  #crash(id: number): void {
    this.#server(id).crash({ isPowerCut: true, reason: 'crash' });
  }

  /** `await leader N`, `await follower N`, `await observer N`, `await down N`, `await CLIENT`. */
  #await([what = '', id = '']: string[]): void {
    const client = this.#clients.get(what);
    const isThere = (): boolean => {
      if (client !== undefined) return client.isOpen && client.waiting === 0;
      const server = this.#server(Number(id));
      return what === 'down' ? !server.isUp : server.isEstablished && server.mode === what;
    };
    const { timers } = this.world;
    if (!this.world.until(timers.now + PATIENCE, isThere)) throw new Error(`no ${what} ${id}`);
  }

  #connect(name: string, at: number): void {
    const old = this.#clients.get(name);
    if (old !== undefined) {
      old.place = at - 1;
      old.reset();
      return;
    }
    const client = new SimClient(this.world, this.#clients.size + 1);
    client.place = at - 1;
    client.isIdle = true;
    this.#clients.set(name, client);
    this.world.clients.push(client);
    client.start();
    this.#await([name]);
  }

  #ask(name: string, [verb = '', path = '/', data = '']: string[]): void {
    this.#clients.get(name)?.ask(requestOf(verb, path, data));
  }
}

function requestOf(verb: string, path: string, data: string): Request {
  switch (verb) {
    case 'create':
      return { type: 'create', path, data, mode: CreateMode.persistent };
    case 'ephemeral':
      return { type: 'create', path, data, mode: CreateMode.ephemeral };
    case 'set':
      return { type: 'set', path, data, version: -1 };
    case 'get':
      return { type: 'read', how: 'data', path, watch: false };
    case 'sync':
      return { type: 'sync', path };
    case 'close':
      return { type: 'close' };
    default:
      throw new Error(`no request ${verb}`);
  }
}

/** Runs the commands of a scenario; returns what happened. */
export function runScenario(text: string): string {
  return new Scenario().run(text.split('\n').map((line) => line.trim()));
}
