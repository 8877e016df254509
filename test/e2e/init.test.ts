// `zk server init` as people use it: with options, at a terminal, and where there is none.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort, temporaryDirectory } from '../support/processes.ts';
import { keys, type PtyScreen, spawn } from '../support/pty.ts';
import { runZk, zkProgram } from '../support/zkProgram.ts';

let home: string;
beforeEach(() => {
  home = temporaryDirectory('init');
});

const init = (...options: string[]) => runZk(home, 'server', 'init', ...options);

describe('with options', () => {
  test('writes cfg and myid of every server, and says how to go on', async () => {
    const ran = await init('--servers', '3', '--observers', '1', '--dir', './ensemble');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(join(home, 'ensemble/conf'))).toEqual(
      [1, 2, 3, 4].map((id) => `z${id}.cfg`),
    );
    expect(readFileSync(join(home, 'ensemble/data/z4/myid'), 'utf8')).toBe('4\n');
    for (const id of [1, 2, 3, 4])
      expect(ran.out).toMatch(new RegExp(`zk server start ensemble/conf/z${id}\\.cfg\n`));
    expect(ran.out).toMatch(/zk cli -server 127\.0\.0\.1:2181,127\.0\.0\.1:2182,.*\n$/);
  });

  test('what it wrote starts from any directory', async () => {
    const port = await freePort();
    await init('--servers', '1', '--client-port', String(port), '--dir', 'one');
    mkdirSync(join(home, 'elsewhere'));
    const cfg = '../one/conf/z1.cfg';
    const started = await runZk(join(home, 'elsewhere'), 'server', 'start', cfg);
    expect(started).toMatchObject({ code: 0, out: 'Starting zookeeper ... STARTED\n' });
    expect((await runZk(join(home, 'elsewhere'), 'server', 'stop', cfg)).out).toContain('STOPPED');
    expect(existsSync(join(home, 'one/data/z1/version-2'))).toBe(true);
  });

  test('what it says to type can be typed: addresses in brackets, names in quotes', async () => {
    const ran = await init('--servers', '2', '--host', '::1', '--dir', "it's 一");
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(`zk server start 'it'\\''s 一/conf/z1.cfg'\n`);
    expect(ran.out).toMatch(/zk cli -server \[::1\]:2181,\[::1\]:2182\n$/);
  });

  test('overwrites nothing without --force', async () => {
    mkdirSync(join(home, 'conf'));
    writeFileSync(join(home, 'conf/z2.cfg'), 'mine');
    expect(await init('--servers', '3')).toEqual({
      code: 1,
      out: '',
      err: 'conf/z2.cfg exists; nothing was written. --force writes over it\n',
    });
    expect(readdirSync(home)).toEqual(['conf']);
    expect(readFileSync(join(home, 'conf/z2.cfg'), 'utf8')).toBe('mine');
    expect((await init('--servers', '3', '--force')).code).toBe(0);
    expect(readFileSync(join(home, 'conf/z2.cfg'), 'utf8')).toContain('server.2=');
  });

  test.each([
    [[], /^There is no terminal to ask at; .*zk server init --servers 3/],
    [['--servers', 'x'], /argument 'x' is invalid\. It must be a number from 1 to 50; see/],
    [['--host', 'a,b'], /^there are 3 servers, but 2 hosts/],
    [['--nosuch'], /unknown option '--nosuch'/],
  ])('%j is one line, with 2', async (options, line) => {
    const ran = await init(...options);
    expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringMatching(line) });
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1);
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('at a terminal', () => {
  let screen: PtyScreen | null = null;
  afterEach(async () => {
    await screen?.[Symbol.asyncDispose]();
    screen = null;
  });

  function open(env: Record<string, string> = {}): PtyScreen {
    const args = [zkProgram, 'server', 'init'];
    screen = spawn(process.execPath, args, { cwd: home, env, columns: 120 });
    return screen;
  }

  async function answer(wizard: PtyScreen, question: string, text: string): Promise<void> {
    await wizard.waitFor(question);
    wizard.type(text);
    if (text !== '') await wizard.waitFor(new RegExp(`${question}.*${text}`));
    wizard.type(keys.enter);
  }

  test('asks, then writes what was answered', async () => {
    const wizard = open();
    await answer(wizard, 'Servers that vote', '5');
    await answer(wizard, 'Observers besides', '');
    await answer(wizard, 'Hosts', '');
    await answer(wizard, 'Port for clients', '3000');
    await answer(wizard, 'Directory', 'made');
    await wizard.waitFor('server start made/conf/z5.cfg');
    expect((await wizard.ended).exitCode).toBe(0);
    expect(readFileSync(join(home, 'made/conf/z5.cfg'), 'utf8')).toContain('clientPort=3004\n');
  });

  test('says what is wrong with an answer and asks again', async () => {
    const wizard = open();
    await answer(wizard, 'Servers that vote', 'many');
    await wizard.waitFor('a number from 1 to 50');
    wizard.type(keys.ctrl('u'));
    wizard.type(keys.ctrl('c'));
    expect((await wizard.ended).exitCode).toBe(130);
  });

  test('a host or port that will not do is said at its question, not after the last', async () => {
    const wizard = open();
    await answer(wizard, 'Servers that vote', '');
    await answer(wizard, 'Observers besides', '');
    await answer(wizard, 'Hosts', 'ip104:2181');
    await wizard.waitFor('a host is named without a port');
    for (let i = 0; i < ':2181'.length; i++) wizard.type(keys.backspace);
    wizard.type(keys.enter);
    await answer(wizard, 'Port for clients', '2222');
    await wizard.waitFor('take another client port');
    wizard.type(keys.ctrl('c'));
    expect((await wizard.ended).exitCode).toBe(130);
  });

  test.each([0, 2, 4])('Ctrl-C after %i answers leaves nothing behind', async (answers) => {
    const questions = ['Servers', 'Observers', 'Hosts', 'Port', 'Directory'];
    const wizard = open();
    for (const question of questions.slice(0, answers)) await answer(wizard, question, '');
    await wizard.waitFor(questions[answers] ?? '');
    wizard.type(keys.ctrl('c'));
    await wizard.waitFor('Nothing was written');
    expect((await wizard.ended).exitCode).toBe(130);
    expect(readdirSync(home)).toEqual([]);
  });

  test('asks before it writes over files', async () => {
    await init('--servers', '3');
    writeFileSync(join(home, 'conf/z1.cfg'), 'mine');
    const wizard = open();
    for (const question of ['Servers', 'Observers', 'Hosts', 'Port', 'Directory'])
      await answer(wizard, question, '');
    await answer(wizard, 'Write over the files', 'n');
    expect((await wizard.ended).exitCode).toBe(1);
    expect(readFileSync(join(home, 'conf/z1.cfg'), 'utf8')).toBe('mine');
  });

  test('has no colours where none are wanted', async () => {
    const wizard = open({ NO_COLOR: '1' });
    await wizard.waitFor('Servers that vote');
    wizard.type(keys.ctrl('c'));
    await wizard.ended;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a colour begins with
    expect(wizard.raw).not.toMatch(/\x1b\[(?:3|9)\d/);
  });
});
