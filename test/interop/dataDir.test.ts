// Data directories both ways: what one server wrote before a crash, the other one loads.
import { type ChildProcess, execFile } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { describeWithPeers } from '../support/foreign.ts';
import { classPath, compileJava, javaFlags } from '../support/peers.ts';
import { startProcess, temporaryDirectory, waitFor } from '../support/processes.ts';
import {
  fourLetterWord,
  type ServerKind,
  type ServerOptions,
  startServer,
  type TestServer,
} from '../support/servers.ts';

const run = promisify(execFile);

/** Does what it is asked to, one line after the other. */
class ApacheClient {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(args: string[]) {
    this.#child = startProcess('java', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const input = this.#child.stdout as Readable;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
  }

  async ask(question: string): Promise<string[]> {
    this.#child.stdin?.write(`${question}\n`);
    const answer: string[] = [];
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done === true) throw new Error(`Apache's client ended at: ${question}`);
      if (value === 'END') return answer;
      if (value !== '') answer.push(value);
    }
  }
}

describeWithPeers('data directories', ['apache'], () => {
  let classes = '';
  const running: TestServer[] = [];

  /** Apache's client, in one process for all tests. */
  let java: ApacheClient | null = null;

  beforeAll(() => {
    classes = compileJava('DataDirectory');
    java = new ApacheClient([...javaFlags, '-cp', classPath(classes), 'DataDirectory']);
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
  });

  const start = async (kind: ServerKind, options: ServerOptions): Promise<TestServer> => {
    const config = { enforceQuota: true, ...options.config };
    const server = await startServer(kind, { ...options, config });
    running.push(server);
    return server;
  };
  /** What Apache's client prints for a verb of DataDirectory.java. */
  const client = async (server: TestServer, verb: string, ...args: string[]): Promise<string[]> =>
    (await java?.ask([verb, server.address, ...args].join(' '))) ?? [];
  const zxid = async (server: TestServer) =>
    /Zxid: (0x[0-9a-f]+)/.exec((await fourLetterWord(server.port, 'srvr')) ?? '')?.[1];
  const sessionsOf = (lines: string[]): [string, string][] =>
    lines.map((line) => line.split(' ').slice(1) as [string, string]);
  const files = (server: TestServer, prefix: string) =>
    readdirSync(join(server.dataDir, 'version-2')).filter((name) => name.startsWith(prefix));
  /** The directory as a crash left it, for another server: the writer's own stays as it is. */
  const copyOf = (server: TestServer) => {
    const copy = temporaryDirectory('copy');
    cpSync(server.dataDir, copy, { recursive: true });
    return copy;
  };

  const ways: [ServerKind, ServerKind][] = [
    ['apache', 'ours'],
    ['ours', 'apache'],
    ['apache', 'apache'],
    ['ours', 'ours'],
  ];
  for (const [from, to] of ways) {
    test(`${to} loads a log that ${from} wrote, as it was at a SIGKILL`, async () => {
      const writer = await start(from, {});
      const sessions = sessionsOf(await client(writer, 'fill', '/log'));
      const before = await client(writer, 'dump');
      const last = await zxid(writer);
      await writer.kill();
      const reader = await start(to, { dataDir: copyOf(writer) });
      expect(await zxid(reader)).toBe(last);
      expect(await client(reader, 'dump')).toEqual(before);
      const ephemerals = [['/log/e1'], ['/log/e2-0000000012']];
      for (const [index, [id, password]] of sessions.entries()) {
        const [line] = await client(reader, 'resume', id, password);
        expect(line).toBe(`${id} [${ephemerals[index]?.join(', ')}]`);
      }
      expect((await client(reader, 'dump')).join('\n')).not.toMatch(/\/log\/e[12]/);
      expect(await client(reader, 'tryContainer', '/log')).toEqual(['gone']);
    });

    test(`${to} loads snapshots with logs on top that ${from} wrote`, async () => {
      // Small enough for several snapshots, each taken while requests go on.
      const config = { snapCount: 60, preAllocSize: 64 };
      const writer = await start(from, { config });
      await client(writer, 'fill', '/first');
      const sessions = sessionsOf(await client(writer, 'fill', '/second'));
      expect(files(writer, 'snapshot.').length).toBeGreaterThan(1);
      expect(files(writer, 'log.').length).toBeGreaterThan(1);
      const before = await client(writer, 'dump');
      const last = await zxid(writer);
      await writer.kill();
      const reader = await start(to, { dataDir: copyOf(writer), config });
      expect(await zxid(reader)).toBe(last);
      expect(await client(reader, 'dump')).toEqual(before);
      const [id = '', password = ''] = sessions[0] ?? [];
      expect(await client(reader, 'resume', id, password)).toEqual([`${id} [/second/e1]`]);
    });
  }

  for (const [from, to] of ways.slice(0, 2)) {
    test(`${to} loads what ${from} acknowledged before a SIGKILL amid writing`, async () => {
      const config = { snapCount: 700, preAllocSize: 64 };
      const writer = await start(from, { config });
      const args = [...javaFlags, '-cp', classPath(classes), 'DataDirectory', 'stream'];
      const streaming = run('java', [...args, writer.address], { maxBuffer: 64 << 20 });
      await waitFor('2000 answers', async () => {
        const words = (await fourLetterWord(writer.port, 'srvr')) ?? '';
        return Number(/Node count: (\d+)/.exec(words)?.[1]) > 2000;
      });
      await writer.kill();
      const acknowledged = Number((await streaming).stdout);
      expect(acknowledged).toBeGreaterThan(1000);
      const reader = await start(to, { dataDir: copyOf(writer), config });
      const lines = await client(reader, 'dump');
      const found = lines
        .filter((line) => line.startsWith('/stream/'))
        .map((line) => {
          const [, number, data] = /^\/stream\/(\d+) data=(\S*)/.exec(line) ?? [];
          const expected = Buffer.alloc(Number(number) % 700, Number(number) & 255).toString(
            'base64',
          );
          expect(data).toBe(expected);
          return Number(number);
        });
      // All that was acknowledged, no gap; what was on its way may be there or not.
      expect(found.length).toBeGreaterThanOrEqual(acknowledged);
      expect(Math.max(...found)).toBe(found.length - 1);
    });
  }

  test('a directory goes to ours and back to Apache, written to at each station', async () => {
    const config = { snapCount: 100, preAllocSize: 64 };
    let dataDir = temporaryDirectory('stations');
    let before: string[] = [];
    for (const [station, kind] of (['apache', 'ours', 'apache', 'ours'] as const).entries()) {
      const server = await start(kind, { dataDir, config });
      if (station > 0) expect(await client(server, 'dump')).toEqual(before);
      await client(server, 'fill', `/station${station}`);
      before = await client(server, 'dump');
      // By turns as a crash and as an operator ends it.
      await (station % 2 === 0 ? server.kill() : server.stop());
      dataDir = copyOf(server);
    }
  });
});
