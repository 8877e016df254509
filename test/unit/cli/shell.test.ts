// The shell around a client that the test drives: sessions, events, prompts, history, interruption.
import { describe, expect, it } from 'vitest';
import type { ShellOptions } from '../../../src/cli/shell.ts';
import type { ConnectOptions } from '../../../src/client/api.ts';
import { RunningShell } from '../../support/cliRunner.ts';
import { FakeZooKeeper } from '../../support/fakeZooKeeper.ts';

class Stage {
  readonly clients: FakeZooKeeper[] = [];
  readonly options: ConnectOptions[] = [];
  readonly running: RunningShell;
  /** New clients are connected from the start. */
  connects = true;

  constructor(options: Partial<ShellOptions> = {}, server = 'h:2181') {
    this.running = new RunningShell(
      server,
      { connectTimeoutMs: 20, ...options },
      (hosts, given) => {
        const client = new FakeZooKeeper(hosts);
        if (this.connects) {
          client.state = 'connected';
          client.server = client.hosts[0] ?? null;
        }
        this.clients.push(client);
        this.options.push(given);
        return client.asClient();
      },
    );
  }
  get shell() {
    return this.running.shell;
  }
  get zk(): FakeZooKeeper {
    return this.clients.at(-1)!;
  }
  line(text: string) {
    return this.running.line(text);
  }
  out(): string {
    return this.running.out.take();
  }
  err(): string {
    return this.running.err.take();
  }
}

const terminal = { mode: 'terminal', quiet: false } as const;

describe('the prompt', () => {
  it('counts lines and shows server and state', async () => {
    const stage = new Stage(terminal);
    stage.connects = false;
    stage.shell.start();
    expect(stage.shell.prompt()).toBe('[zk: h:2181(CONNECTING) 0] ');
    stage.zk.become('connected');
    expect(stage.shell.prompt()).toBe('[zk: h:2181(CONNECTED) 0] ');
    await stage.line('version');
    await stage.line('nosuch');
    await stage.line('');
    await stage.line('# nothing');
    expect(stage.shell.prompt()).toBe('[zk: h:2181(CONNECTED) 2] ');
    stage.zk.become('expired');
    expect(stage.shell.prompt()).toBe('[zk: h:2181(CLOSED) 2] ');
  });

  it('shortens a list of servers, unless told not to', async () => {
    const stage = new Stage(terminal, 'a:1,b:2,c:3');
    stage.shell.start();
    expect(stage.shell.prompt()).toBe('[zk: a:1(+2)(CONNECTED) 0] ');
    await stage.line('prompt full');
    expect(stage.shell.prompt()).toBe('[zk: a:1,b:2,c:3(CONNECTED) 1] ');
  });

  it('names the session once there are two', async () => {
    const stage = new Stage(terminal);
    await stage.line('@backup');
    expect(stage.shell.prompt()).toBe('[zk: h:2181(CONNECTED) backup 1] ');
    await stage.line('@default');
    expect(stage.shell.prompt()).toBe('[zk: h:2181(CONNECTED) default 2] ');
  });

  it('says when it has changed', () => {
    const stage = new Stage(terminal);
    let changes = 0;
    stage.shell.onPromptChange(() => changes++);
    stage.shell.start();
    stage.shell.prompt();
    const before = changes;
    stage.zk.become('disconnected');
    expect(changes).toBe(before + 1);
    stage.shell.prompt();
    stage.zk.become('connecting', { reason: 'connect ECONNREFUSED h:1' });
    expect(changes).toBe(before + 1);
  });
});

describe('events', () => {
  const lines = 'WATCHER::\nWatchedEvent state:SyncConnected type:NodeDeleted path:/master\n';

  it('are exactly two lines', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    stage.out();
    stage.zk.tell('NodeDeleted', '/master');
    expect(stage.out()).toBe(lines);
  });

  it('of another session have a line with its name before them', async () => {
    const stage = new Stage();
    await stage.line('@backup getEphemerals');
    stage.out();
    stage.zk.tell('NodeDeleted', '/master');
    expect(stage.out()).toBe(`@backup\n${lines}`);
  });

  it('of the session itself go to stdout at a terminal, to stderr in a script', async () => {
    const text = 'WATCHER::\nWatchedEvent state:Disconnected type:None path:null\n';
    for (const mode of ['terminal', 'script'] as const) {
      const stage = new Stage({ mode, quiet: false });
      await stage.line('getEphemerals');
      stage.out();
      stage.zk.tell('None', null, 'Disconnected');
      expect([stage.out(), stage.err()], mode).toEqual(
        mode === 'terminal' ? [text, ''] : ['', text],
      );
    }
  });

  it('are not shown by a one-shot command, nor after printwatches off', async () => {
    const oneShot = new Stage({ mode: 'oneShot' });
    await oneShot.line('getEphemerals');
    oneShot.zk.tell('NodeDeleted', '/a');
    expect(oneShot.out()).toBe('');
    const stage = new Stage();
    await stage.line('getEphemerals');
    await stage.line('printwatches off');
    stage.zk.tell('NodeDeleted', '/a');
    expect(stage.out()).toBe('');
  });

  it('go to the listener of a terminal, and a hint says how to set the watch again, three times', () => {
    const stage = new Stage(terminal);
    const texts: string[] = [];
    stage.shell.onOutput(({ text }) => texts.push(text));
    stage.shell.start();
    for (let i = 0; i < 5; i++) stage.zk.tell('NodeChildrenChanged', '/workers');
    expect(texts.filter((text) => text.startsWith('WATCHER::'))).toHaveLength(5);
    const hints = texts.filter((text) => text.startsWith('hint: '));
    expect(hints).toHaveLength(3);
    expect(hints[0]).toContain('ls -w /workers');
    expect(stage.out() + stage.err()).toBe('');
  });

  it('have a hint under the result of the get that watches for them', async () => {
    const stage = new Stage(terminal);
    stage.shell.start();
    Object.assign(stage.zk, { get: async () => ({ data: Buffer.from('x'), stat: null }) });
    stage.shell.onOutput(({ text }) => stage.running.out.line(text));
    const { stdout } = await stage.line('get /p 1');
    expect(stdout).toBe('x\nhint: get watches the data; ls -w watches the children\n');
  });

  it('are JSON with --json', async () => {
    const stage = new Stage({ json: true });
    await stage.line('getEphemerals');
    stage.out();
    stage.zk.tell('NodeDeleted', '/a');
    expect(JSON.parse(stage.out())).toEqual({
      event: { session: 'default', state: 'SyncConnected', type: 'NodeDeleted', path: '/a' },
    });
  });
});

describe('await', () => {
  it('takes an event that came before, once', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    stage.zk.tell('NodeCreated', '/b');
    stage.zk.tell('NodeDeleted', '/a');
    expect((await stage.line('await /a NodeDeleted')).status).toBe(0);
    expect((await stage.line('await /a --timeout 1ms')).status).toBe(124);
    expect((await stage.line('await')).status).toBe(0);
    expect((await stage.line('await --timeout 1ms')).status).toBe(124);
  });

  it('waits for one that comes later', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    const waiting = stage.line('await NodeDataChanged');
    stage.zk.tell('NodeDeleted', '/a');
    stage.zk.tell('NodeDataChanged', '/a');
    expect((await waiting).status).toBe(0);
    expect((await stage.line('await /a NodeDeleted --timeout 1ms')).status).toBe(0);
  });

  it('names what it waited for in vain', async () => {
    const stage = new Stage();
    const { stderr, status } = await stage.line('await /a nodedeleted -t 1ms');
    expect(stderr).toBe('Timed out after 1ms waiting for NodeDeleted /a\n');
    expect(status).toBe(124);
  });

  it('takes session events only by name, and refuses words that are neither', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    stage.zk.tell('None', null, 'Disconnected');
    expect((await stage.line('await --timeout 1ms')).status).toBe(124);
    expect((await stage.line('await Disconnected')).status).toBe(0);
    expect(await stage.line('await NodeDelete')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean NodeDeleted?'),
    });
    expect((await stage.line('await /a /b')).status).toBe(2);
    expect((await stage.line('await Expired Closed')).status).toBe(2);
  });

  it('is ended by an interruption', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    const waiting = stage.line('await');
    stage.shell.interrupt();
    expect(await waiting).toEqual({ status: 130, stdout: '', stderr: '' });
    const sleeping = stage.line('sleep 1h');
    expect(stage.shell.isBusy).toBe(true);
    stage.shell.interrupt();
    expect((await sleeping).status).toBe(130);
  });
});

describe('expected failures', () => {
  it('turn the error that is named into success, and any other outcome into failure', async () => {
    const stage = new Stage();
    expect(await stage.line('!Usage sleep')).toMatchObject({ status: 0 });
    expect(await stage.line('! sleep')).toMatchObject({ status: 0 });
    expect(await stage.line('!NoNode sleep')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Expected NoNode, but got Usage'),
    });
    expect(await stage.line('!NoNode version')).toMatchObject({
      status: 1,
      stderr: 'Expected NoNode, but the command succeeded\n',
    });
    expect(await stage.line('!NodeExist version')).toMatchObject({
      status: 2,
      stderr: 'Unknown error name: NodeExist (did you mean NodeExists?)\n',
    });
    expect((await stage.line('!')).status).toBe(2);
    expect((await stage.line('@x !Usage sleep')).status).toBe(0);
    expect((await stage.line('!Usage @x sleep')).status).toBe(0);
    expect((await stage.line('@bad/name ls /')).status).toBe(2);
  });
});

describe('the session', () => {
  it('is asked for with the options of the command line', async () => {
    const stage = new Stage({
      timeoutMs: 5000,
      readOnly: true,
      auth: [{ scheme: 'ip', auth: '' }],
    });
    await stage.line('getEphemerals');
    expect(stage.options[0]).toMatchObject({ sessionTimeout: 5000, readOnly: true });
  });

  it('is not opened by a command that needs none', async () => {
    const stage = new Stage({ mode: 'oneShot' });
    await stage.line('help ls');
    await stage.line('version');
    await stage.line('history');
    expect(stage.clients).toHaveLength(0);
  });

  it('that never comes is status 3 with the reason', async () => {
    const stage = new Stage();
    stage.connects = false;
    const waiting = stage.line('getEphemerals');
    stage.zk.become('connecting', { reason: 'connect ECONNREFUSED h:2181', server: 'h:2181' });
    const { status, stderr } = await waiting;
    expect(status).toBe(3);
    expect(stderr.split('\n').at(-2)).toBe(
      'Cannot connect to h:2181 within 20 ms: connect ECONNREFUSED h:2181',
    );
  });

  it('says each reason once, of several servers too', () => {
    const stage = new Stage(terminal);
    stage.connects = false;
    stage.shell.start();
    const lost = () => {
      for (const server of ['h:1', 'h:2', 'h:1', 'h:2'])
        stage.zk.become('connecting', { reason: `connect ECONNREFUSED ${server}` });
    };
    lost();
    const once = 'connect ECONNREFUSED h:1, retrying\nconnect ECONNREFUSED h:2, retrying\n';
    expect(stage.err()).toBe(once);
    stage.zk.become('connected');
    stage.err();
    lost();
    expect(stage.err()).toBe(once);
  });

  it('that expired is status 5, says what was lost, and connect opens another', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    stage.shell.sessions[0]?.ephemerals.add('/e1').add('/e2');
    stage.out();
    stage.zk.become('expired', { watchesLost: 3 });
    expect(stage.err()).toBe(
      'session 0x1234 expired: 2 ephemerals, 3 watches lost; type connect\n',
    );
    const after = await stage.line('getEphemerals');
    expect(after).toMatchObject({ status: 5, stderr: expect.stringContaining('type connect') });
    expect((await stage.line('connect')).status).toBe(0);
    expect((await stage.line('getEphemerals')).status).toBe(0);
    expect(stage.clients).toHaveLength(2);
  });

  it('of a name says which it is when it expires', async () => {
    const stage = new Stage();
    await stage.line('@backup getEphemerals');
    stage.shell.sessions[1]?.ephemerals.add('/e1');
    stage.err();
    stage.zk.become('expired', { watchesLost: 1 });
    expect(stage.err()).toBe(
      '@backup\nsession 0x1234 expired: 1 ephemeral, 1 watch lost; type connect\n',
    );
  });

  it('is opened again by itself with --auto-reconnect', async () => {
    const stage = new Stage({ autoReconnect: true });
    await stage.line('getEphemerals');
    stage.zk.become('expired');
    await new Promise((resolve) => setImmediate(resolve));
    expect(stage.clients).toHaveLength(2);
    expect((await stage.line('getEphemerals')).status).toBe(0);
  });

  it('that was closed is status 3 and names the way out', async () => {
    const stage = new Stage();
    await stage.line('close');
    expect(await stage.line('getEphemerals')).toMatchObject({
      status: 3,
      stderr: 'Not connected: type connect to open a new session\n',
    });
  });

  it('whose authentication failed is status 4', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    stage.zk.become('authFailed');
    expect((await stage.line('getEphemerals')).status).toBe(4);
  });

  it('is abandoned by crash', async () => {
    const stage = new Stage();
    const { stdout } = await stage.line('crash');
    expect(stdout).toBe('session 0x1234 abandoned, the server will expire it within 30000 ms\n');
    expect(stage.zk.isAbandoned).toBe(true);
    expect((await stage.line('getEphemerals')).status).toBe(3);
  });

  it('of a name ends with @name quit, and all end with quit', async () => {
    const stage = new Stage();
    await stage.line('getEphemerals');
    await stage.line('@master getEphemerals');
    await stage.line('@master quit');
    expect(stage.clients.map(({ state }) => state)).toEqual(['connected', 'closed']);
    expect(stage.shell.isFinished).toBe(false);
    await stage.line('@master getEphemerals');
    expect(stage.clients).toHaveLength(3);
    await stage.line('exit');
    expect(stage.shell.isFinished).toBe(true);
    expect(stage.clients.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed']);
  });

  it('with a server list that cannot be one is status 2', async () => {
    const running = new RunningShell('h:x', {});
    expect(await running.line('ls /')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('h:x'),
    });
  });
});

describe('history', () => {
  it('numbers lines, and redo runs one again in its place', async () => {
    const stage = new Stage();
    await stage.line('version');
    await stage.line('nosuch');
    expect((await stage.line('redo 0')).stdout).toMatch(/^zookeeper-ts/);
    expect((await stage.line('history')).stdout).toBe(
      '0 - version\n1 - nosuch\n2 - version\n3 - history\n',
    );
    expect(await stage.line('redo 9')).toMatchObject({
      status: 2,
      stderr: 'Command index out of range\n',
    });
    expect((await stage.line('redo x')).status).toBe(2);
    expect((await stage.line('history 2')).stdout).toBe('5 - redo x\n6 - history 2\n');
  });

  it('refuses to redo a redo', async () => {
    const stage = new Stage();
    await stage.line('redo 5');
    expect((await stage.line('redo 0')).stderr).toBe('No redoing redos\n');
  });

  it('counts the lines of earlier runs down from -1', async () => {
    const stage = new Stage();
    stage.shell.history.loadPast(['ls /', 'version']);
    expect((await stage.line('history')).stdout).toBe('-2 - ls /\n-1 - version\n0 - history\n');
    expect((await stage.line('redo -1')).stdout).toMatch(/^zookeeper-ts/);
  });

  it('keeps no secrets', async () => {
    const stage = new Stage();
    const { history } = stage.shell;
    const secret = [
      'addauth digest a:b',
      '@x addauth digest a:b',
      '!AuthFailed addauth d x',
      ' ls /',
    ];
    expect(secret.map((line) => history.mayKeep(line))).toEqual([false, false, false, false]);
    expect(history.mayKeep('ls /')).toBe(true);
    await stage.line('addauth');
    expect((await stage.line('history')).stdout).toBe('1 - history\n');
  });
});

describe('wrong lines', () => {
  it('are told in one line each', async () => {
    const stage = new Stage();
    expect(await stage.line('gte /')).toEqual({
      status: 127,
      stdout: '',
      stderr: 'Command not found: gte (did you mean get?)\n',
    });
    expect(await stage.line('set /a "x')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Unterminated quote: "x\n',
    });
    expect(stage.clients).toHaveLength(0);
  });

  it('are JSON on stdout with --json', async () => {
    const stage = new Stage({ json: true });
    const { stdout, status } = await stage.line('nosuch');
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'UnknownCommand', path: null, message: 'Command not found: nosuch' },
    });
    expect(status).toBe(127);
  });
});
