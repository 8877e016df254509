// conf/z1.cfg to z3.cfg as the repository has them: three servers, started and asked one by one.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { endProcess, startProcess, temporaryDirectory, waitFor } from '../support/processes.ts';
import { freePorts, runZk, zkProgram } from '../support/zkProgram.ts';

const repository = join(import.meta.dirname, '../..');
const ids = [1, 2, 3] as const;
const PORTS = [2181, 2182, 2183, 2222, 2223, 3333, 3334, 4444, 4445];

let home: string;
/** The port that stands for one of the files. */
let ports: Map<number, number>;

const zk = (verb: string, id: number) => runZk(home, 'server', verb, `./conf/z${id}.cfg`);
const statusOf = async (id: number) => (await zk('status', id)).out;
const address = (port: number) => `127.0.0.1:${ports.get(port)}`;

/** The files with other ports, so that a server of the person who tests is in nobody's way. */
beforeEach(async () => {
  home = temporaryDirectory('ensemble');
  mkdirSync(join(home, 'conf'));
  const free = await freePorts(PORTS.length);
  ports = new Map(PORTS.map((port, i) => [port, free[i] ?? 0]));
  for (const id of ids) {
    const text = readFileSync(join(repository, `conf/z${id}.cfg`), 'utf8');
    const replaced = text.replaceAll(/(?<=[:=])\d{4}(?=[:\n])/g, (port) =>
      String(ports.get(Number(port)) ?? port),
    );
    writeFileSync(join(home, `conf/z${id}.cfg`), replaced);
  }
});

test('the files have no fault and no warning', () => {
  for (const id of ids) {
    const loaded = loadConfig(`conf/z${id}.cfg`, repository);
    expect(loaded).toMatchObject({ warnings: [], config: { myid: id, isDistributed: true } });
  }
});

describe('in the background', () => {
  afterEach(async () => {
    for (const id of ids) await zk('stop', id);
  });

  test('the first looks for others and says so, the second makes a quorum, the third follows', async () => {
    const missing = `not heard of: 2 at ${address(3334)}, 3 at ${address(4445)}`;
    const alone = `Mode: looking\nElection: needs 2 of 3 voters, has 1; ${missing}\n`;
    expect(await zk('start', 1)).toEqual({
      code: 0,
      out: `Starting zookeeper ... STARTED\n${alone}`,
      err: 'Using config: ./conf/z1.cfg\n',
    });
    const found = `Client port found: ${ports.get(2181)}. Client address: localhost. Client SSL: false.\n`;
    expect(await zk('status', 1)).toMatchObject({ code: 1, out: `${found}${alone}` });

    const second = await zk('start', 2);
    expect(second).toMatchObject({
      code: 0,
      out: expect.stringMatching(/STARTED\nMode: (leader|follower)\n$/),
    });
    const third = await zk('start', 3);
    expect(third).toMatchObject({
      code: 0,
      out: expect.stringMatching(/STARTED\nMode: follower\n$/),
    });
    const modes = (await Promise.all(ids.map(statusOf))).map((text) => text.split('\n')[1]);
    expect(modes.sort()).toEqual(['Mode: follower', 'Mode: follower', 'Mode: leader']);
    // The server with the smallest number never wins over an equal history.
    expect(await statusOf(2)).toContain('Mode: leader');

    // Without its leader the rest elects another; without a quorum it looks for one.
    expect((await zk('stop', 2)).out).toBe('Stopping zookeeper ... STOPPED\n');
    await waitFor('another leader', async () => (await statusOf(3)).includes('Mode: leader'));
    await zk('stop', 1);
    await waitFor('the end of the last one', async () =>
      (await statusOf(3)).includes('Mode: looking'),
    );
  });
});

test('an address of version 6 that is not heard of stands in brackets', async () => {
  const cfg = join(home, 'conf/z1.cfg');
  const text = readFileSync(cfg, 'utf8');
  writeFileSync(cfg, text.replace('server.3=127.0.0.1:', 'server.3=[::1]:'));
  const { out } = await zk('start', 1);
  await zk('stop', 1);
  expect(out).toContain(`2 at ${address(3334)}, 3 at [::1]:${ports.get(4445)}\n`);
});

describe('in three terminals', () => {
  const open: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of open.splice(0)) await endProcess(child);
  });

  /** A server in the foreground, and what it has logged so far. */
  function foreground(id: number): () => string {
    const args = [zkProgram, 'server', 'start-foreground', `./conf/z${id}.cfg`];
    const child = startProcess(process.execPath, args, { cwd: home, stdio: 'pipe' });
    open.push(child);
    let log = '';
    child.stdout?.on('data', (chunk) => (log += chunk));
    return () => log;
  }

  test('the log says what the notes show', async () => {
    const first = foreground(1);
    const refused = (id: number, port: number) =>
      `Cannot open channel to ${id} at election address /${address(port)}: Connection refused`;
    await waitFor('two warnings', () => first().includes(refused(3, 4445)));
    expect(first()).toMatch(/ - INFO {2}\[\w+\] - LOOKING\n/);
    expect(first()).toContain(refused(2, 3334));
    expect(first().match(/Cannot open channel to 2/g)).toHaveLength(1);

    const second = foreground(2);
    await waitFor('a leader', () => /LEADING - LEADER ELECTION TOOK - \d+\n/.test(second()));
    await waitFor('a follower', () => /FOLLOWING - LEADER ELECTION TOOK - \d+\n/.test(first()));
    const third = foreground(3);
    await waitFor('another', () => /FOLLOWING - LEADER ELECTION TOOK - \d+\n/.test(third()));
    expect(`${first()}${second()}${third()}`).not.toMatch(/^\s+at /m);

    const [, leader] = open;
    leader?.kill('SIGKILL');
    // Either: the third may not have all of the history yet.
    const next = () => /LEADING - LEADER ELECTION TOOK/.test(`${first()}${third()}`);
    await waitFor('the next leader', next);
  });
});

test('zkServer.sh takes them as the notes type it', () => {
  const script = join(repository, 'bin/zkServer.sh');
  const printed = execFileSync(script, ['print-cmd', './conf/z1.cfg'], {
    cwd: home,
    stdio: 'pipe',
    encoding: 'utf8',
  });
  expect(printed).toMatch(/zk server start-foreground \.\/conf\/z1\.cfg >> /);
});
