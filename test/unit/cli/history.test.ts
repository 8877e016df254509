import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  decodeEntry,
  encodeEntry,
  History,
  historyFile,
  Recall,
} from '../../../src/cli/history.ts';
import type { Keypress } from '../../../src/cli/keys.ts';
import { ReverseSearch } from '../../../src/cli/search.ts';

let home = '';
let file = '';
let warnings: string[] = [];
const open = (path: string | null = file) => new History(path, (trouble) => warnings.push(trouble));

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'zookeeper-ts-history-'));
  file = join(home, 'zk', 'history');
  warnings = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the place of the file', () => {
  test('is under XDG_STATE_HOME, else under ~/.local/state', () => {
    expect(historyFile({ XDG_STATE_HOME: '/s' })).toBe('/s/zk/history');
    expect(historyFile({})).toBe(join(homedir(), '.local/state/zk/history'));
    expect(historyFile({ XDG_STATE_HOME: 'relative' })).toBe(historyFile({}));
  });

  test('is what ZK_HISTFILE says, and an empty ZK_HISTFILE switches the file off', () => {
    expect(historyFile({ ZK_HISTFILE: '/h', XDG_STATE_HOME: '/s' })).toBe('/h');
    expect(historyFile({ ZK_HISTFILE: '' })).toBeNull();
  });
});

describe('the file', () => {
  test('gets each line at once and is private', () => {
    const history = open();
    history.keep('ls /');
    expect(readFileSync(file, 'utf8')).toBe('ls /\n');
    history.keep('get /任务');
    expect(readFileSync(file, 'utf8')).toBe('ls /\nget /任务\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'zk')).mode & 0o777).toBe(0o700);
  });

  test('is made private when it was not', () => {
    open().keep('ls /');
    chmodSync(file, 0o644);
    open();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('keeps the lines of two shells that run at the same time', () => {
    const [one, other] = [open(), open()];
    one.keep('ls /a');
    other.keep('ls /b');
    one.keep('ls /c');
    expect(open().entries).toEqual(['ls /a', 'ls /b', 'ls /c']);
  });

  test('brings back values of several lines, tabs and backslashes as they were', () => {
    const lines = ['set /p "a\nb"', 'set /p a\\nb', 'set /p \\\\', 'x\ty', 'c\r\nd'];
    const history = open();
    for (const line of lines) history.keep(line);
    expect(open().entries).toEqual(lines);
    for (const line of lines) expect(decodeEntry(encodeEntry(line))).toBe(line);
  });

  test('is not there when it is switched off', () => {
    const history = open(null);
    history.keep('ls /');
    expect(history.entries).toEqual(['ls /']);
    expect(existsSync(file)).toBe(false);
  });

  test('keeps the newest of lines that repeat, and only 5000', () => {
    open().keep('first');
    for (let i = 0; i < 12_000; i++) appendFileSync(file, `ls /${i}\n`);
    appendFileSync(file, 'ls /11990\n');
    const history = open();
    expect(history.entries.length).toBe(5000);
    expect(history.entries.at(-1)).toBe('ls /11990');
    expect(history.entries.filter((line) => line === 'ls /11990').length).toBe(1);
    // It was shortened on the way.
    expect(readFileSync(file, 'utf8').split('\n').length).toBe(5001);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    history.keep('one more');
    expect(history.entries.length).toBe(5000);
    expect(open().entries).toEqual(history.entries);
  });

  test('that cannot be written costs one warning that names it, and the memory goes on', () => {
    writeFileSync(join(home, 'plain'), '');
    file = join(home, 'plain', 'history');
    const history = open();
    history.keep('ls /a');
    history.keep('ls /b');
    expect(history.entries).toEqual(['ls /a', 'ls /b']);
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain(file);
  });
});

test('blank lines and a line typed again are not kept', () => {
  const history = open();
  for (const line of ['', '  ', 'ls /', 'ls /', 'get /a', 'ls /']) history.keep(line);
  expect(history.entries).toEqual(['get /a', 'ls /']);
});

describe('Up and Down', () => {
  const entries = ['create /a', 'ls /', 'create /b', 'get /a'];

  test('walk through all lines when nothing was typed', () => {
    const recall = new Recall(entries, '', '');
    expect([recall.older(), recall.older()]).toEqual(['get /a', 'create /b']);
    expect(recall.newer()).toBe('get /a');
    expect(recall.newer()).toBe('');
    expect(recall.newer()).toBeNull();
  });

  test('walk only through lines that begin as what was typed, and give it back', () => {
    const recall = new Recall(entries, 'create x', 'create');
    expect([recall.older(), recall.older(), recall.older()]).toEqual([
      'create /b',
      'create /a',
      null,
    ]);
    expect([recall.newer(), recall.newer()]).toEqual(['create /b', 'create x']);
  });
});

describe('Ctrl-R', () => {
  const key = (name: string, ctrl = false): Keypress => ({
    text: name.length === 1 && !ctrl ? name : undefined,
    key: { name, ctrl },
  });
  const search = () => {
    const history = open(null);
    for (const line of ['create /任务 x', 'ls /tasks', 'get /a', 'ls /tasks true', 'stat /a'])
      history.keep(line);
    return new ReverseSearch(history);
  };
  const type = (state: ReverseSearch, text: string) => {
    for (const letter of text) expect(state.take(key(letter))).toBe('searching');
  };

  test('finds the newest line with the text, then older ones', () => {
    const state = search();
    expect(state.line).toBe('');
    type(state, 'tas');
    expect([state.line, state.cursor]).toEqual(['ls /tasks true', 4]);
    expect(state.prompt).toBe("(reverse-i-search)`tas': ");
    state.take(key('r', true));
    expect(state.line).toBe('ls /tasks');
    state.take(key('r', true));
    expect(state.prompt).toBe("(failed reverse-i-search)`tas': ");
    expect(state.line).toBe('ls /tasks');
  });

  test('looks anew when a character is taken back', () => {
    const state = search();
    type(state, '/ax');
    expect(state.prompt).toContain('failed');
    state.take(key('backspace'));
    expect([state.line, state.prompt]).toEqual(['stat /a', "(reverse-i-search)`/a': "]);
    for (let i = 0; i < 3; i++) state.take(key('backspace'));
    expect(state.line).toBe('');
  });

  test('finds Chinese', () => {
    const state = search();
    type(state, '任务');
    expect(state.line).toBe('create /任务 x');
  });

  test('ends with Escape and Ctrl-G, and leaves other keys to the line', () => {
    const state = search();
    expect(state.take(key('escape'))).toBe('accepted');
    expect(state.take(key('g', true))).toBe('cancelled');
    expect(state.take(key('return'))).toBe('passed');
    expect(state.take(key('left'))).toBe('passed');
    expect(state.take(key('a', true))).toBe('passed');
  });
});
