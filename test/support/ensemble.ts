// Ensembles of real processes, ours and Apache's in any mix: started, ended, stopped, cut off, and compared.
import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ConnectOptions, connect, type ZooKeeper } from '../../src/client/index.ts';
import { causeOfDeafness } from './deafServer.ts';
import {
  endProcess,
  freePort,
  hasEnded,
  startProcess,
  temporaryDirectory,
  waitFor,
} from './processes.ts';
import { Network } from './relay.ts';
import { apacheCommand, defaults, fourLetterWord, ourCommand, type ServerKind } from './servers.ts';
import { compareTrees, dumpTree, type TreeDump } from './treeDump.ts';

type Settings = Record<string, string | number | boolean>;

export interface MemberSpec {
  readonly kind?: ServerKind;
  readonly isObserver?: boolean;
  /** More lines of its configuration. */
  readonly config?: Settings;
}

export interface EnsembleOptions {
  /** Ids are 1 and up, in this order. */
  readonly servers: readonly MemberSpec[];
  /** More lines of every configuration. */
  readonly config?: Settings;
  /** Peers reach each other through relays that `network` cuts. */
  readonly isRelayed?: boolean;
}

export type Mode = 'leader' | 'follower' | 'observer' | 'looking';

const host = '127.0.0.1';

/** A tick that lets an election be noticed soon, and a busy machine be late. */
const ensembleDefaults = { ...defaults, tickTime: 500, initLimit: 20, syncLimit: 6 };

interface Ports {
  readonly client: number;
  readonly peer: number;
  readonly election: number;
}

/** What Apache's log has of each question that a test asks, and of each client that is too early. */
const NOISE =
  /^.*(?:Processing srvr command|Close of session 0x0|IOException: ZooKeeperServer not running|^\sat ).*\n/gm;

export class Member {
  readonly id: number;
  readonly isObserver: boolean;
  readonly ports: Ports;
  readonly home: string;
  kind: ServerKind;
  #config: Settings;
  #child: ChildProcess | null = null;
  /** Where in its log the last process begins. */
  logStart = 0;

  constructor(id: number, spec: MemberSpec, ports: Ports, home: string, config: Settings) {
    this.id = id;
    this.kind = spec.kind ?? 'ours';
    this.isObserver = spec.isObserver ?? false;
    this.ports = ports;
    this.home = home;
    this.#config = { ...config, dataDir: this.dataDir, clientPort: ports.client };
    mkdirSync(this.dataDir, { recursive: true });
    writeFileSync(join(this.dataDir, 'myid'), `${id}\n`);
  }

  get dataDir(): string {
    return join(this.home, 'data');
  }

  /** Where snapshots and logs are. */
  get versionDir(): string {
    return join(this.dataDir, 'version-2');
  }

  get configFile(): string {
    return join(this.home, 'zoo.cfg');
  }

  get #logFile(): string {
    return join(this.home, 'server.log');
  }

  get address(): string {
    return `${host}:${this.ports.client}`;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#child !== null && !hasEnded(this.#child);
  }

  /** The exit code of the last process, null while it runs or if a signal ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Starts the process, and does not wait for it to serve. */
  launch(more: Settings = {}): void {
    if (this.isRunning) throw new Error(`server ${this.id} runs already`);
    this.#config = { ...this.#config, ...more };
    const lines = Object.entries(this.#config).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(this.configFile, lines.join(''));
    this.relaunch();
  }

  /** Starts the process with the configuration as it is: a reconfig rewrites it. */
  relaunch(): void {
    const [command, args] =
      this.kind === 'apache'
        ? apacheCommand(this.home, this.configFile)
        : ourCommand(this.configFile);
    this.logStart = this.log().length;
    const log = openSync(this.#logFile, 'a');
    this.#child = startProcess(command, args, { cwd: this.home, stdio: ['ignore', log, log] });
    closeSync(log);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child !== null) await endProcess(this.#child, signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Null when it does not answer; a role that has only begun is `looking` still. */
  async mode(): Promise<Mode | null> {
    if (!this.isRunning) return null;
    const answer = await fourLetterWord(this.ports.client, 'srvr');
    const mode = /^Mode: (\w+)/m.exec(answer ?? '')?.[1];
    if (mode === undefined) return null;
    // With leaderServes=no a leader is one though it serves nobody.
    const isIdle = mode === 'leader' && this.#config['leaderServes'] === 'no';
    const isServing = isIdle || !answer?.includes('not currently serving');
    return isServing ? (mode as Mode) : 'looking';
  }

  /** The last zxid that it shows, null when it does not serve. */
  async zxid(): Promise<bigint | null> {
    const answer = await fourLetterWord(this.ports.client, 'srvr');
    const zxid = /^Zxid: (0x[0-9a-f]+)/m.exec(answer ?? '')?.[1];
    return zxid === undefined ? null : BigInt(zxid);
  }

  /** Names of its snapshots, logs and side files. */
  files(): string[] {
    return existsSync(this.versionDir) ? readdirSync(this.versionDir).sort() : [];
  }

  loseDisk(): void {
    rmSync(this.dataDir, { recursive: true });
    mkdirSync(this.dataDir, { recursive: true });
    writeFileSync(join(this.dataDir, 'myid'), `${this.id}\n`);
  }
}

export class Ensemble {
  readonly members: readonly Member[];
  /** Cuts servers off; null without relays. */
  readonly #network: Network | null;
  readonly #revived = new Set<number>();

  private constructor(members: readonly Member[], network: Network | null) {
    this.members = members;
    this.#network = network;
  }

  /** Makes folders and configurations; nothing runs yet. */
  static async create({ servers, config, isRelayed }: EnsembleOptions): Promise<Ensemble> {
    const home = temporaryDirectory('ensemble');
    const ports = new Map<number, Ports>();
    for (const index of servers.keys()) {
      ports.set(index + 1, {
        client: await freePort(),
        peer: await freePort(),
        election: await freePort(),
      });
    }
    const network = isRelayed === true ? await Network.between(ports) : null;
    const members = servers.map((spec, index) => {
      const id = index + 1;
      const addresses = servers.map(({ isObserver }, other) => {
        const own = ports.get(other + 1) as Ports;
        const { peer, election } = network?.portsOf(other + 1, id) ?? own;
        const role = isObserver === true ? ':observer' : '';
        return [`server.${other + 1}`, `${host}:${peer}:${election}${role}`];
      });
      const settings = {
        ...ensembleDefaults,
        ...(spec.isObserver === true ? { peerType: 'observer' } : {}),
        ...config,
        ...spec.config,
        ...Object.fromEntries(addresses),
      };
      return new Member(id, spec, ports.get(id) as Ports, join(home, `z${id}`), settings);
    });
    return new Ensemble(members, network);
  }

  /** An ensemble that serves. */
  static async start(options: EnsembleOptions): Promise<Ensemble> {
    const ensemble = await Ensemble.create(options);
    for (const member of ensemble.members) member.launch();
    await ensemble.whole();
    return ensemble;
  }

  get ids(): number[] {
    return this.members.map(({ id }) => id);
  }

  get network(): Network {
    if (this.#network === null) throw new Error('this ensemble has no relays');
    return this.#network;
  }

  member(id: number): Member {
    const member = this.members[id - 1];
    if (member === undefined) throw new Error(`there is no server ${id}`);
    return member;
  }

  /** Connect string of these servers, all by default. */
  hosts(...ids: number[]): string {
    const chosen = ids.length === 0 ? this.members : ids.map((id) => this.member(id));
    return chosen.map(({ address }) => address).join(',');
  }

  launch(...ids: number[]): void {
    for (const id of ids) this.member(id).launch();
  }

  /** Starts servers and waits until they serve. */
  async startAgain(...ids: number[]): Promise<void> {
    this.launch(...ids);
    for (const id of ids) await this.serving(id);
  }

  async kill(...ids: number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.member(id).end('SIGKILL')));
  }

  async stop(...ids: number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.member(id).end('SIGTERM')));
  }

  /** Ends all that runs. */
  async close(): Promise<void> {
    for (const member of this.members) member.signal('SIGCONT');
    await Promise.all(this.members.map((member) => member.end('SIGTERM')));
    this.#network?.close();
  }

  /** Waits until a server serves, and gives its mode. */
  serving(id: number, patience?: number): Promise<Mode> {
    const member = this.member(id);
    return this.#wait(
      `server ${id} to serve`,
      async () => {
        if (!member.isRunning) {
          const end = member.log().slice(-3000);
          throw new Error(`server ${id} has ended with ${member.exitCode}:\n${end}`);
        }
        const mode = await member.mode();
        return mode === 'looking' ? null : mode;
      },
      patience,
    );
  }

  /** Waits until all that run serve, and gives the leader's id. */
  async whole(patience?: number): Promise<number> {
    const running = this.members.filter((member) => member.isRunning).map(({ id }) => id);
    return this.leader(running, patience);
  }

  /** Waits until these servers serve under one leader of their number. */
  leader(among: readonly number[] = this.ids, patience?: number): Promise<number> {
    return this.#wait(
      `one leader among ${among.join(', ')}`,
      async () => {
        const modes = await Promise.all(among.map((id) => this.member(id).mode()));
        if (modes.some((mode) => mode === null || mode === 'looking')) return null;
        const leaders = among.filter((_, i) => modes[i] === 'leader');
        return leaders.length === 1 ? (leaders[0] as number) : null;
      },
      patience,
    );
  }

  /** Waits for anything else. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<boolean> {
    return this.#wait(what, async () => (await condition()) || null);
  }

  /** Waits, and tells what each server says if that is in vain. */
  async #wait<T>(what: string, condition: () => Promise<T | null>, patience = 30_000): Promise<T> {
    try {
      const since = Date.now();
      const look = async () => {
        if (Date.now() - since > 2000) await this.#reviveDeaf();
        return (await condition()) as T;
      };
      return await waitFor(what, look, patience);
    } catch (error) {
      const modes = await Promise.all(this.members.map((member) => member.mode()));
      const said = this.members.map(({ id }, i) => `${id}: ${modes[i] ?? 'silent'}`).join(', ');
      throw new Error(`${(error as Error).message} (${said})\n${this.logs(1500)}`);
    }
  }

  /** Starts servers anew that Apache's flaw has made deaf; a second time it is worth a look. */
  async #reviveDeaf(): Promise<void> {
    for (const member of this.members) {
      if (member.kind !== 'apache' || !member.isRunning) continue;
      const cause = causeOfDeafness(member.log().slice(member.logStart));
      if (cause === null) continue;
      const line = `server ${member.id} (Apache's) hears nobody, itself included: ${cause}`;
      if (this.#revived.has(member.id)) throw new Error(`${line} (again)`);
      console.warn(line);
      this.#revived.add(member.id);
      await member.end('SIGKILL');
      member.relaunch();
    }
  }

  client(ids: readonly number[] = this.ids, options: ConnectOptions = {}): Promise<ZooKeeper> {
    return connect(this.hosts(...ids), {
      sessionTimeout: 20_000,
      connectTimeout: 20_000,
      ...options,
    });
  }

  /**
   * The tree, after a sync on each of the running servers; throws when two of them differ in any
   * znode's data, Stat or ACL, or in a digest that both know.
   */
  async sameTrees(): Promise<TreeDump> {
    await this.whole();
    const running = this.members.filter((member) => member.isRunning);
    const clients = await Promise.all(running.map(({ id }) => this.client([id])));
    try {
      for (const client of clients) await client.sync('/');
      const dumps = await Promise.all(clients.map(dumpTree));
      const [first, ...others] = dumps;
      for (const [i, other] of others.entries()) {
        const names = [running[0], running[i + 1]].map((one) => `server ${one?.id}`);
        compareTrees(first as TreeDump, other, names as [string, string]);
      }
      await this.#compareDigests(running);
      return first as TreeDump;
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  }

  /** `hash` tells the digests at some zxids; those of the same zxid must be the same. */
  async #compareDigests(running: readonly Member[]): Promise<void> {
    const known = new Map<string, { id: number; digest: string }>();
    for (const { id, ports } of running) {
      const answer = (await fourLetterWord(ports.client, 'hash')) ?? '';
      for (const [, zxid = '', digest = ''] of answer.matchAll(/^(0x[0-9a-f]+): (\S+)$/gm)) {
        const earlier = known.get(zxid);
        if (earlier !== undefined && earlier.digest !== digest) {
          const both = `${earlier.id}: ${earlier.digest}, ${id}: ${digest}`;
          throw new Error(`the digests at ${zxid} differ: ${both}`);
        }
        known.set(zxid, { id, digest });
      }
    }
  }

  /** The ends of all logs. */
  logs(characters = 3000): string {
    return this.members
      .map(({ id, kind, log }, i) => {
        const text = log.call(this.members[i]).replace(NOISE, '').slice(-characters);
        return `--- server ${id} (${kind})\n${text}`;
      })
      .join('\n');
  }
}
