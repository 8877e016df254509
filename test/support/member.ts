// One server of an ensemble, ours or Apache's: its files, its process, and what it says of itself.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './processes.ts';
import {
  fourLetterWord,
  type ServerKind,
  ServerProcess,
  type Settings,
  type TestServer,
} from './servers.ts';

export interface MemberSpec {
  readonly kind?: ServerKind;
  readonly isObserver?: boolean;
  /** More lines of its configuration. */
  readonly config?: Settings;
  /** More of its environment. */
  readonly env?: Record<string, string>;
}

export type Mode = 'leader' | 'follower' | 'observer' | 'read-only' | 'looking';

/** Where a member listens. */
export interface Ports {
  readonly client: number;
  readonly peer: number;
  readonly election: number;
}

/** What Apache's log has of each question that a test asks, and of each client that is too early. */
const NOISE =
  /^.*(?:Processing srvr command|Close of session 0x0|IOException: ZooKeeperServer not running|^\sat ).*\n/gm;

export class Member extends ServerProcess implements TestServer {
  readonly id: number;
  readonly isObserver: boolean;
  readonly ports: Ports;
  #config: Settings;

  constructor(id: number, spec: MemberSpec, ports: Ports, home: string, config: Settings) {
    const { kind = 'ours', isObserver = false, env = {} } = spec;
    super(kind, home, ports.client, { env });
    this.id = id;
    this.isObserver = isObserver;
    this.ports = ports;
    this.#config = config;
    this.#writeId();
  }

  #writeId(): void {
    writeFileSync(join(this.dataDir, 'myid'), `${this.id}\n`);
  }

  /** Where snapshots and logs are. */
  get versionDir(): string {
    return join(this.dataDir, 'version-2');
  }

  /** Writes its configuration and starts it; does not wait for it to serve. `spawn` leaves the file. */
  launch(more: Settings = {}): void {
    if (this.isRunning) throw new Error(`server ${this.id} runs already`);
    this.#config = { ...this.#config, ...more };
    this.configure(this.#config);
    this.spawn();
  }

  /** Null until it serves; throws when it has ended. */
  async modeOnceServing(): Promise<Mode | null> {
    if (!this.isRunning) {
      const end = this.log().slice(-3000);
      throw new Error(`server ${this.id} has ended with ${this.exitCode}:\n${end}`);
    }
    const mode = await this.mode();
    return mode === 'looking' ? null : mode;
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.end(signal);
    this.spawn();
    await waitFor(`server ${this.id} to serve`, () => this.modeOnceServing());
  }

  /** Null when it does not answer; a role that has only begun is `looking` still. */
  async mode(): Promise<Mode | null> {
    if (!this.isRunning) return null;
    const answer = await fourLetterWord(this.ports.client, 'srvr');
    const mode = /^Mode: (\S+)/m.exec(answer ?? '')?.[1];
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
    this.#writeId();
  }

  /** The end of its log, without what tests cause. */
  lastWords(characters: number): string {
    const text = this.log().replace(NOISE, '').slice(-characters);
    return `--- server ${this.id} (${this.kind})\n${text}`;
  }
}

/** The server that has this mode, once there is one. */
export const memberThatIs = (mode: Mode, members: readonly Member[]): Promise<Member> =>
  waitFor(`a server that is ${mode}`, async () => {
    for (const member of members) if ((await member.mode()) === mode) return member;
    return null;
  });
