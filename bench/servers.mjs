// Starts the two servers that are compared: ours from dist/ and Apache's from Debian's package.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const host = '127.0.0.1';
const jars = '/usr/share/java';
const repository = join(import.meta.dirname, '..');
const START_PATIENCE_MS = 120_000;

/** @returns {Promise<number>} a loopback port that was free a moment ago */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The answer to a four-letter word, '' when nobody answers. */
export function ask(port, word) {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(word));
    let answer = '';
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(answer));
  });
}

const log4j = `log4j.rootLogger=INFO, F
log4j.appender.F=org.apache.log4j.FileAppender
log4j.appender.F.File=\${zk.log.file}
log4j.appender.F.layout=org.apache.log4j.PatternLayout
log4j.appender.F.layout.ConversionPattern=%d{ISO8601} - %-5p [%t:%C{1}@%L] - %m%n
`;

function apacheCommand(home, configFile, heap) {
  writeFileSync(join(home, 'log4j.properties'), log4j);
  const files = ['zookeeper', 'slf4j-log4j12', 'log4j-1.2'].map((name) => `${jars}/${name}.jar`);
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing} is missing: install libzookeeper-java`);
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const flags = [`-Xmx${heap}`, `-Dzk.log.file=${home}/zk.log`, '-cp', [home, ...files].join(':')];
  return ['java', [...flags, main, configFile]];
}

function ourCommand(configFile, nodeFlags) {
  const main = join(repository, 'dist/program/main.js');
  if (!existsSync(main)) throw new Error('dist/program/main.js is missing: npm run build');
  return [process.execPath, [...nodeFlags, main, 'server', 'start-foreground', configFile]];
}

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Servers of one kind that form an ensemble. */
export class Ensemble {
  #servers;

  /**
   * @param {'ours' | 'apache'} kind
   * @param {string} folder
   * @param {number} count
   * @param {ConstructorParameters<typeof Server>[2]} options
   */
  constructor(kind, folder, count, options = {}) {
    this.kind = kind;
    this.#servers = Array.from(
      { length: count },
      (_, i) => new Server(kind, folder, { ...options, name: `${kind}-${i + 1}` }),
    );
  }

  get pid() {
    return this.#servers.map((server) => server.pid).join(',');
  }

  get address() {
    return this.#servers.map((server) => server.address).join(',');
  }

  get servers() {
    return this.#servers;
  }

  async start() {
    const lines = {};
    for (const [i] of this.#servers.entries()) {
      lines[`server.${i + 1}`] = `${host}:${await freePort()}:${await freePort()}`;
    }
    for (const [i, server] of this.#servers.entries()) {
      Object.assign(server.config, { initLimit: 10, syncLimit: 5, ...lines });
      mkdirSync(join(server.home, 'data'), { recursive: true });
      writeFileSync(join(server.home, 'data', 'myid'), `${i + 1}\n`);
    }
    await Promise.all(this.#servers.map((server) => server.start()));
  }

  async stop(signal = 'SIGTERM') {
    await Promise.all(this.#servers.map((server) => server.stop(signal)));
  }
}

/** One server on a folder of its own; both kinds get the same configuration. */
export class Server {
  #child = null;

  /**
   * @param {'ours' | 'apache'} kind
   * @param {string} folder
   * @param {{ config?: Record<string, unknown>, heap?: string, nodeFlags?: string[],
   *   name?: string }} options
   */
  constructor(kind, folder, { config = {}, heap = '1000m', nodeFlags = [], name = kind } = {}) {
    this.kind = kind;
    this.home = join(folder, name);
    this.heap = heap;
    this.nodeFlags = nodeFlags;
    this.config = { ...config };
  }

  get pid() {
    return this.#child.pid;
  }

  get address() {
    return `${host}:${this.port}`;
  }

  /**
   * Seconds from the start of the process until it answered `ruok`, and until it served: Apache
   * says `imok` while it is still loading.
   */
  async start() {
    mkdirSync(join(this.home, 'data'), { recursive: true });
    this.port ??= await freePort();
    const configFile = join(this.home, 'zoo.cfg');
    const config = {
      tickTime: 2000,
      dataDir: join(this.home, 'data'),
      clientPort: this.port,
      clientPortAddress: host,
      maxClientCnxns: 0,
      'admin.enableServer': false,
      '4lw.commands.whitelist': '*',
      ...this.config,
    };
    writeFileSync(
      configFile,
      Object.entries(config)
        .map(([k, v]) => `${k}=${v}\n`)
        .join(''),
    );
    const [command, args] =
      this.kind === 'apache'
        ? apacheCommand(this.home, configFile, this.heap)
        : ourCommand(configFile, this.nodeFlags);
    const out = openSync(join(this.home, 'out'), 'a');
    const begun = performance.now();
    const child = spawn(command, args, { cwd: this.home, stdio: ['ignore', out, out] });
    closeSync(out);
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const until = async (word, expected) => {
      while (!expected.test(await ask(this.port, word))) {
        if (child.exitCode !== null || performance.now() - begun > START_PATIENCE_MS) {
          throw new Error(`${this.kind} does not serve; see ${this.home}`);
        }
        await pause(2);
      }
      return (performance.now() - begun) / 1000;
    };
    return {
      ruok: await until('ruok', /^imok$/),
      serving: await until('srvr', /^Mode: (?!looking)/m),
    };
  }

  async stop(signal = 'SIGTERM') {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }

  /** Resident memory in bytes; Linux only. */
  get residentBytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) * 1024;
  }
}
