// Apache's own shell, zkCli.sh (ZooKeeperMain), piped and one-shot, against the server under test.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPeers } from '../support/foreign.ts';
import { classPath, javaFlags } from '../support/peers.ts';
import { serverUnderTest, startServer, type TestServer } from '../support/servers.ts';

const transcript = join(import.meta.dirname, 'zkCli.txt');
const recording = process.env.ZK_RECORD === '1' && serverUnderTest === 'apache';

interface Step {
  readonly command: string;
  readonly output: string[];
}

function readTranscript(): { steps: Step[]; events: string[] } {
  const steps: Step[] = [];
  const events: string[] = [];
  let target = events;
  for (const line of readFileSync(transcript, 'utf8').split('\n')) {
    const command = /^zk> (.*)$/.exec(line)?.[1];
    if (command !== undefined) {
      target = [];
      steps.push({ command, output: target });
    } else if (line === 'events>') target = events;
    else if (line !== '' && !line.startsWith('#')) target.push(line);
  }
  return { steps, events };
}

function zkCli(server: TestServer, args: string[], input = '') {
  const main = ['org.apache.zookeeper.ZooKeeperMain', '-server', server.address];
  const command = ['java', ...javaFlags, '-cp', classPath(), ...main, ...args];
  // Both streams into one, so that errors stay where they belong.
  const run = spawnSync('sh', ['-c', 'exec "$@" 2>&1', 'sh', ...command], {
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const lines = run.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('log4j:'));
  return { code: run.status, lines };
}

/** Hides what differs from run to run: zxids, session ids, dates. */
const mask = (line: string) =>
  line
    .replace(/0x[0-9a-f]*[1-9a-f][0-9a-f]*/g, '0x#')
    .replace(/(time = ).*$/, '$1#')
    .replace(/(Transaction id|zxid): ?\d+/g, '$1 #');

const mark = (index: number) => `Node does not exist: /--${index}`;

/**
 * Runs all commands in one session. A command that always fails stands between them to find the
 * ends of their outputs; events come on a thread of their own, so they are kept apart, in order.
 */
function runAll(server: TestServer, commands: string[]): { outputs: string[][]; events: string[] } {
  const input = commands.flatMap((command, i) => [command, `ls /--${i}`]);
  const { lines } = zkCli(server, [], `${['ls /--start', ...input, 'quit'].join('\n')}\n`);
  // The event of the end itself is printed only if the process lives long enough.
  const events = lines.filter((line) => /^WatchedEvent state:(?!Closed)/.test(line));
  const rest = lines.filter((line) => !/^(WatchedEvent|WATCHER::)/.test(line)).map(mask);
  const outputs: string[][] = [];
  let from = rest.indexOf('Node does not exist: /--start') + 1;
  for (const index of commands.keys()) {
    const to = rest.indexOf(mark(index));
    if (to < 0) throw new Error(`no end of "${commands[index]}":\n${rest.slice(-40).join('\n')}`);
    outputs.push(rest.slice(from, to));
    from = to + 1;
  }
  return { outputs, events };
}

function record(steps: Step[], outputs: string[][], events: string[]): void {
  const comments = readFileSync(transcript, 'utf8')
    .split('\n')
    .filter((l) => l.startsWith('#'));
  const body = steps.flatMap(({ command }, i) => [`zk> ${command}`, ...(outputs[i] ?? [])]);
  writeFileSync(transcript, `${[...comments, ...body, 'events>', ...events].join('\n')}\n`);
}

describeWithPeers("Apache's zkCli.sh", ['apache'], () => {
  const { steps, events } = readTranscript();
  let server: TestServer;
  let outputs: string[][] = [];
  let seen: string[] = [];

  beforeAll(async () => {
    server = await startServer(serverUnderTest, { config: { enforceQuota: true } });
    const run = runAll(
      server,
      steps.map((step) => step.command),
    );
    outputs = run.outputs;
    seen = run.events;
    if (recording) record(steps, outputs, seen);
  });
  afterAll(() => server?.stop());

  for (const [index, { command, output }] of steps.entries()) {
    test(`${index + 1}: ${command}`, () => expect(outputs[index]).toEqual(output));
  }
  test('the events of the whole session, in order', () => expect(seen).toEqual(events));

  test('FourLetterWordMain, which zkServer.sh status asks, gets the mode', () => {
    const main = 'org.apache.zookeeper.client.FourLetterWordMain';
    const args = [...javaFlags, '-cp', classPath(), main, '127.0.0.1', `${server.port}`, 'srvr'];
    const run = spawnSync('java', args, { encoding: 'utf8', timeout: 60_000 });
    expect(run.stdout).toMatch(
      /^Zookeeper version: .*\n(.*\n)*Mode: standalone\nNode count: \d+$/m,
    );
  });

  const oneShots: [string[], number, string][] = [
    [['ls', '/zookeeper'], 0, '[config, mine, quota]'],
    [['create', '/one-shot', 'x'], 0, 'Created /one-shot'],
    [['get', '/one-shot'], 0, 'x'],
    [['-r', 'get', '/one-shot'], 0, 'x'],
    [['-timeout', '7000', '-waitforconnection', 'get', '/one-shot'], 0, 'x'],
    [['get', '/not-there'], 1, 'Node does not exist: /not-there'],
  ];
  for (const [args, code, last] of oneShots) {
    test(`one-shot: ${args.join(' ')}`, () => {
      const run = zkCli(server, args);
      expect(run.lines.at(-1)).toBe(last);
      expect(run.code).toBe(code);
    });
  }
});
