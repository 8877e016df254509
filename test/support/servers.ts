// Starts the two servers that foreign clients are tried against: Apache's 3.8 and ours.
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { classPath, javaFlags } from './peers.ts';
import {
  endProcess,
  freePort,
  hasEnded,
  startProcess,
  temporaryDirectory,
  waitFor,
} from './processes.ts';

export type ServerKind = 'apache' | 'ours';

/** Chosen by ZK_UNDER_TEST; every interop suite passes against both. */
export const serverUnderTest: ServerKind =
  process.env.ZK_UNDER_TEST === 'apache' ? 'apache' : 'ours';

/** Lines of a configuration file. */
export type Settings = Record<string, string | number | boolean>;

export interface ServerOptions {
  /** More lines of the configuration file. */
  readonly config?: Settings;
  /** An existing data directory; a new one by default. */
  readonly dataDir?: string;
  readonly port?: number;
  /** More of the environment. */
  readonly env?: Record<string, string>;
}

export interface TestServer {
  readonly kind: ServerKind;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  readonly configFile: string;
  /** host:port */
  readonly address: string;
  /** What the server wrote to its log, stdout and stderr so far. */
  log(): string;
  /** Ends it as an operator would, with SIGTERM. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a crash does. */
  kill(): Promise<void>;
  /** Ends it and starts it again on the same port and data. */
  restart(signal?: NodeJS.Signals): Promise<void>;
}

const host = '127.0.0.1';

/** The superuser of every test server, for the digest scheme. */
export const superUser = 'super:secret';
const superDigest = `super:${createHash('sha1').update(superUser).digest('base64')}`;

/** What every test server is configured with. */
export const defaults = {
  tickTime: 500,
  minSessionTimeout: 500,
  maxSessionTimeout: 60_000,
  clientPortAddress: host,
  maxClientCnxns: 0,
  'admin.enableServer': false,
  '4lw.commands.whitelist': '*',
  extendedTypesEnabled: true,
  'DigestAuthenticationProvider.superDigest': superDigest,
  'znode.container.checkIntervalMs': 500,
};

const log4j = `log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.Target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} - %-5p [%t:%C{1}@%L] - %m%n
`;

export function apacheCommand(
  home: string,
  configFile: string,
  checkInterval = '500',
): [string, string[]] {
  writeFileSync(join(home, 'log4j.properties'), log4j);
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  // Only a system property in the reference, without the prefix that zoo.cfg keys get.
  const containers = `-Dznode.container.checkIntervalMs=${checkInterval}`;
  return ['java', [...javaFlags, containers, '-cp', classPath(home), main, configFile]];
}

const repository = join(import.meta.dirname, '../..');

export function ourCommand(configFile: string): [string, string[]] {
  const program = join(repository, 'bin/zk');
  if (!existsSync(join(repository, 'dist/program/main.js')))
    throw new Error('dist/program/main.js is missing: run `npm run build` first');
  return [process.execPath, [program, 'server', 'start-foreground', configFile]];
}

/** The answer to a four-letter word, or null when nobody answers. */
export function fourLetterWord(port: number, word: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(word));
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(answer === '' ? null : answer));
  });
}

/** Whether a server that works on this directory serves on the port, and not one of others. */
async function serves(port: number, dataDir: string): Promise<boolean> {
  const mode = await fourLetterWord(port, 'srvr');
  if (mode?.includes('Mode: ') !== true) return false;
  const settings = await fourLetterWord(port, 'conf');
  // A whitelist may keep the word from us.
  return settings?.includes(dataDir) === true || settings?.includes('whitelist') === true;
}

/** A server's files and its process, which may be started again. */
export class ServerProcess {
  readonly host = host;
  /** Of its clients; a reconfig can give it another one. */
  port: number;
  readonly dataDir: string;
  readonly configFile: string;
  kind: ServerKind;
  readonly home: string;
  readonly #env: Record<string, string>;
  #containerCheckInterval = '500';
  #child: ChildProcess | null = null;
  /** Where in its log the last process begins. */
  #logStart = 0;

  constructor(kind: ServerKind, home: string, port: number, options: ServerOptions) {
    this.kind = kind;
    this.port = port;
    this.home = home;
    this.#env = options.env ?? {};
    this.dataDir = options.dataDir ?? join(home, 'data');
    mkdirSync(this.dataDir, { recursive: true });
    this.configFile = join(home, 'zoo.cfg');
  }

  configure(more: Settings): void {
    const config = { ...defaults, dataDir: this.dataDir, clientPort: this.port, ...more };
    this.#containerCheckInterval = String(config['znode.container.checkIntervalMs']);
    const lines = Object.entries(config).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(this.configFile, lines.join(''));
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get address(): string {
    return `${host}:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#child !== null && !hasEnded(this.#child);
  }

  /** The exit code of the last process, null while it runs or if a signal ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  get #logFile(): string {
    return join(this.home, 'server.log');
  }

  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** What the last process wrote. */
  lastLog(): string {
    return this.log().slice(this.#logStart);
  }

  /** Starts the process, and does not wait for it to serve. */
  spawn(): void {
    const [command, args] =
      this.kind === 'apache'
        ? apacheCommand(this.home, this.configFile, this.#containerCheckInterval)
        : ourCommand(this.configFile);
    this.#logStart = this.log().length;
    const log = openSync(this.#logFile, 'a');
    this.#child = startProcess(command, args, {
      cwd: this.home,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#env },
    });
    closeSync(log);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child !== null) await endProcess(this.#child, signal);
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }
}

class Server extends ServerProcess implements TestServer {
  async start(): Promise<this> {
    this.spawn();
    await waitFor(`${this.kind} to serve on ${this.address}`, () => {
      if (!this.isRunning) throw new Error(`${this.kind} ended while starting:\n${this.log()}`);
      return serves(this.port, this.dataDir);
    });
    return this;
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.end(signal);
    await this.start();
  }
}

function newServer(kind: ServerKind, port: number, options: ServerOptions): Server {
  const server = new Server(kind, temporaryDirectory(kind), port, options);
  server.configure(options.config ?? {});
  return server;
}

export async function startServer(
  kind: ServerKind,
  options: ServerOptions = {},
): Promise<TestServer> {
  if (options.port !== undefined) return newServer(kind, options.port, options).start();
  for (let attempt = 1; ; attempt++) {
    const server = newServer(kind, await freePort(), options);
    try {
      return await server.start();
    } catch (error) {
      // Another process took the port between our probe and our start.
      if (attempt === 3 || !server.log().includes('Address already in use')) throw error;
    }
  }
}

export const startApache = (options: ServerOptions = {}) => startServer('apache', options);
export const startOurs = (options: ServerOptions = {}) => startServer('ours', options);
