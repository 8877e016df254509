// Kills a server at random moments under load, again and again, and checks every acknowledged
// write each time it is back.
import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CrashClient } from './crashClient.ts';
import {
  endProcess,
  freePort,
  hasEnded,
  startProcess,
  temporaryDirectory,
  waitFor,
} from './processes.ts';
import { RawConnection } from './rawConnection.ts';
import { connectFrame } from './requestFrames.ts';
import { fourLetterWord, ourCommand, type Settings } from './servers.ts';

export interface CrashFigures {
  rounds: number;
  /** Of them: killed while starting. */
  startsKilled: number;
  ackedWrites: number;
  /** Snapshots begun and log files begun, as the server's log says. */
  snapshots: number;
  logs: number;
}

const run = promisify(execFile);

/** Small files, so that most kills fall near a roll, a snapshot or a purge. */
const CONFIG = {
  tickTime: 2000,
  clientPortAddress: '127.0.0.1',
  maxClientCnxns: 0,
  snapCount: 300,
  preAllocSize: 64,
  'fsync.warningthresholdms': 300,
  'autopurge.snapRetainCount': 3,
  'autopurge.purgeInterval': 1,
  '4lw.commands.whitelist': '*',
};

/** On average, at least. */
export const WRITES_PER_ROUND = 300;

export class CrashRun {
  readonly figures: CrashFigures = {
    rounds: 0,
    startsKilled: 0,
    ackedWrites: 0,
    snapshots: 0,
    logs: 0,
  };
  readonly #random: () => number;
  readonly #clients: CrashClient[];
  readonly #home = temporaryDirectory('crash');
  #port = 0;
  #server: ChildProcess | null = null;

  constructor(random: () => number, clients: number) {
    this.#random = random;
    this.#clients = Array.from({ length: clients }, (_, i) => new CrashClient(`/c${i}`, random));
  }

  /** With lines of the configuration that differ from the usual ones. */
  async prepare(different: Settings = {}): Promise<void> {
    this.#port = await freePort();
    const config = { ...CONFIG, ...different, dataDir: this.dataDir, clientPort: this.#port };
    mkdirSync(this.dataDir);
    const lines = Object.entries(config).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(this.configFile, lines.join(''));
  }

  get configFile(): string {
    return join(this.#home, 'zoo.cfg');
  }

  get dataDir(): string {
    return join(this.#home, 'data');
  }

  /** One life: load until the kill, sometimes a start that is killed, then all is checked. */
  async round(): Promise<void> {
    const { figures } = this;
    await this.#start();
    await Promise.all(this.#clients.map((client) => client.resume(this.#port)));
    const server = this.#server as ChildProcess;
    const ends = this.#clients.map((client) => this.#writeUntilEnd(client, server));
    await pause(20 + this.#random() * 600);
    // On a slow machine too, there must be something to lose.
    const enough = WRITES_PER_ROUND * (figures.rounds + 1);
    await waitFor(`${enough} writes`, () => this.#acked >= enough || hasEnded(server));
    await this.#end('SIGKILL');
    await Promise.all(ends);
    if (this.#random() < 0.25) {
      this.#launch();
      await pause(this.#random() * 400);
      await this.#end('SIGKILL');
      figures.startsKilled++;
    }
    figures.rounds++;
    this.#count();
  }

  /**
   * One life under a wrapper that makes calls of the system fail, or with `harm` done to the process
   * amid the load; load until the server ends by itself. Its exit code, and what it wrote to its log.
   */
  async faulty(
    wrapper: readonly string[],
    harm: (pid: number) => void = () => undefined,
  ): Promise<{ code: number | null; log: string }> {
    const before = this.log().length;
    await this.#start(wrapper);
    const server = this.#server as ChildProcess;
    await Promise.all(this.#clients.map((client) => client.resume(this.#port)));
    const ends = this.#clients.map((client) => this.#writeUntilEnd(client, server));
    harm(server.pid as number);
    await Promise.all(ends);
    await waitFor('the server to end by itself', () => hasEnded(server));
    this.#count();
    return { code: server.exitCode, log: this.log().slice(before) };
  }

  get #acked(): number {
    return this.#clients.reduce((sum, { acked }) => sum + acked, 0);
  }

  /** A client ends its session now and then: it has to begin another one, or the fault may never come. */
  async #writeUntilEnd(client: CrashClient, server: ChildProcess): Promise<void> {
    for (;;) {
      await client.write();
      if (!client.hasClosed || hasEnded(server)) return;
      try {
        await client.resume(this.#port);
      } catch (error) {
        await waitFor(`the server to end, after ${error}`, () => hasEnded(server));
        return;
      }
    }
  }

  /** A start that comes to nothing: the exit code, and what was written to the log. */
  async refused(wrapper: readonly string[]): Promise<{ code: number | null; log: string }> {
    const before = this.log().length;
    const server = this.#launch(wrapper);
    await waitFor('the server to end by itself', () => hasEnded(server));
    return { code: server.exitCode, log: this.log().slice(before) };
  }

  /** One life that, after `harm`, the first write ends, unanswered: the exit code, and what it logged. */
  async barren(
    wrapper: readonly string[],
    harm: () => void,
  ): Promise<{ code: number | null; log: string }> {
    const before = this.log().length;
    await this.#start(wrapper);
    harm();
    const server = this.#server as ChildProcess;
    const link = await RawConnection.open(this.#port);
    link.send(Buffer.from(connectFrame(), 'hex'));
    await waitFor('the server to end by itself', () => hasEnded(server), 20_000);
    if (link.frames().length > 0) throw new Error('a session was granted that is nowhere');
    return { code: server.exitCode, log: this.log().slice(before) };
  }

  /** One life in which all is checked, with load in the end. */
  async healthy(wrapper: readonly string[] = [], loadMs = 300): Promise<string> {
    const before = this.log().length;
    await this.#start(wrapper);
    await Promise.all(this.#clients.map((client) => client.resume(this.#port)));
    const ends = this.#clients.map((client) => client.write());
    await pause(loadMs);
    await this.#end('SIGTERM');
    await Promise.all(ends);
    this.#count();
    return this.log().slice(before);
  }

  #count(): void {
    this.figures.ackedWrites = this.#acked;
  }

  /** After the last round: everything once more, and `zk server check` has nothing to say against it. */
  async finish(): Promise<void> {
    const [command, args] = ourCommand(this.dataDir);
    await run(command, [...args.slice(0, 2), 'check', this.dataDir]);
    await this.#start();
    await Promise.all(this.#clients.map((client) => client.resume(this.#port)));
    for (const client of this.#clients) client.disconnect();
    await this.#end('SIGTERM');
    const log = this.log();
    this.figures.snapshots = log.match(/Snapshotting: /g)?.length ?? 0;
    this.figures.logs = log.match(/Creating new log file/g)?.length ?? 0;
  }

  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  get #logFile(): string {
    return join(this.#home, 'server.log');
  }

  #launch(wrapper: readonly string[] = []): ChildProcess {
    const [program, options] = ourCommand(this.configFile);
    const [command, ...args] = [...wrapper, program, ...options];
    const script = `exec "$@" >> '${this.#logFile}' 2>&1`;
    this.#server = startProcess('/bin/sh', ['-c', script, 'sh', command as string, ...args], {
      stdio: 'ignore',
    });
    return this.#server;
  }

  async #start(wrapper: readonly string[] = []): Promise<void> {
    const server = this.#launch(wrapper);
    await waitFor('the server to serve', async () => {
      if (hasEnded(server)) throw new Error(`the server ended:\n${this.log().slice(-2000)}`);
      return (await fourLetterWord(this.#port, 'srvr'))?.includes('Mode: ') === true;
    });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#server !== null) await endProcess(this.#server, signal);
  }
}
