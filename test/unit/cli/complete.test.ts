import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Command, OperandSpec, OptionSpec } from '../../../src/cli/command.ts';
import { Completer, listInColumns, sharedBeginning } from '../../../src/cli/complete.ts';

const command = (
  name: string,
  options: OptionSpec[],
  operands: OperandSpec[],
  aliases: string[] = [],
): Command => ({
  ...{ name, aliases, options, operands, group: 'read', usage: '', summary: '', zh: '' },
  examples: [],
  run: () => Promise.resolve(undefined),
});
const flag = (...flags: string[]): OptionSpec => ({ flags, summary: '', zh: '' });

const commands = [
  command(
    'ls',
    [flag('-s'), flag('-w', '--watch'), flag('-R')],
    [
      { name: 'path', kind: 'path' },
      { name: 'watch', kind: 'watch', optional: true },
    ],
  ),
  command(
    'create',
    [flag('-e'), { ...flag('-t'), value: { name: 'ttl', kind: 'number' } }],
    [
      { name: 'path', kind: 'path' },
      { name: 'data', kind: 'data', optional: true },
      { name: 'acl', kind: 'acl', optional: true },
    ],
  ),
  command(
    'addWatch',
    [{ ...flag('-m', '--mode'), value: { name: 'mode', kind: 'mode' } }],
    [{ name: 'path', kind: 'path' }],
  ),
  command('help', [], [{ name: 'command', kind: 'command', optional: true }]),
  command('lsall', [], [{ name: 'paths', kind: 'path', rest: true }]),
  command('quit', [], [], ['exit']),
];

const tree: Record<string, string[]> = {
  '/': ['zookeeper', 'workers', 'work er', '任务', 'tasks'],
  '/workers': ['worker1.example.com', 'worker2.example.com'],
  '/q': ['a"b c', "it's me"],
};

function completerOf(children?: (path: string) => Promise<readonly string[]>) {
  const asked: string[] = [];
  const clock = { now: 0 };
  const source = {
    commands,
    sessionNames: () => ['backup', 'default'],
    children: (path: string) => {
      asked.push(path);
      return children === undefined ? Promise.resolve(tree[path] ?? []) : children(path);
    },
  };
  return { completer: new Completer(source, () => clock.now), asked, clock };
}
const hits = async (line: string) => (await completerOf().completer.complete(line))?.hits;

afterEach(() => {
  vi.useRealTimers();
});

describe('words', () => {
  test('the first word is a command or one of its other names', async () => {
    expect(await hits('l')).toEqual(['ls', 'lsall']);
    expect(await hits('  ex')).toEqual(['exit']);
    expect(await hits('')).toEqual(['addWatch', 'create', 'exit', 'help', 'ls', 'lsall', 'quit']);
    expect(await hits('nothing')).toEqual([]);
  });

  test('an option of that command, but none twice and none in a quote', async () => {
    expect(await hits('ls -')).toEqual(['--watch', '-R', '-s', '-w']);
    expect(await hits('ls -s -w -')).toEqual(['-R']);
    expect(await hits('ls "-')).toEqual([]);
    expect(await hits('quit -')).toEqual([]);
  });

  test('the value of an option, and operands counted without options', async () => {
    expect(await hits('addWatch -m P')).toEqual(['PERSISTENT', 'PERSISTENT_RECURSIVE']);
    expect(await hits('addWatch -m PERSISTENT /ta')).toEqual(['/tasks']);
    expect(await hits('create -t 100 /ta')).toEqual(['/tasks']);
    expect(await hits('create -t 1')).toEqual([]);
    expect(await hits('ls /workers t')).toEqual(['true']);
    expect(await hits('create -e /p data wor')).toEqual(['world:anyone:cdrwa', 'world:anyone:r']);
  });

  test('data is free, and so is what stands after the last operand', async () => {
    expect(await hits('create /p /ta')).toEqual([]);
    expect(await hits('ls / true /ta')).toEqual([]);
    expect(await hits('lsall /a /b /ta')).toEqual(['/tasks']);
  });

  test('a command for help, a session after @', async () => {
    expect(await hits('help l')).toEqual(['ls', 'lsall']);
    expect(await hits('@b')).toEqual(['@backup']);
    expect(await hits('@backup l')).toEqual(['ls', 'lsall']);
    expect(await hits('@backup ls /ta')).toEqual(['/tasks']);
  });

  test('a command that is expected to fail', async () => {
    expect(await hits('!NodeExists cr')).toEqual(['create']);
    expect(await hits('! create /ta')).toEqual(['/tasks']);
  });

  test('nothing for a command that is not known', async () => {
    expect(await hits('frobnicate /')).toEqual([]);
  });
});

describe('paths', () => {
  test('children of the part before the last slash; only their names are listed', async () => {
    const completion = await completerOf().completer.complete('ls /workers/w');
    expect(completion?.hits).toEqual([
      '/workers/worker1.example.com',
      '/workers/worker2.example.com',
    ]);
    expect(completion?.labels).toEqual(['worker1.example.com', 'worker2.example.com']);
    expect(sharedBeginning(completion?.hits ?? [])).toBe('/workers/worker');
  });

  test('an empty word begins at the root', async () => {
    expect(await hits('ls ')).toEqual(['/']);
    expect(await hits('ls wor')).toEqual([]);
    expect(await hits('ls /')).toEqual([
      '"/tasks',
      '"/work er',
      '"/workers',
      '"/zookeeper',
      '"/任务',
    ]);
  });

  test('a name with a space puts the word in quotes, and a quote already there stays', async () => {
    expect(await hits('ls /work')).toEqual(['"/work er', '"/workers']);
    expect(await hits('ls "/work e')).toEqual(['"/work er']);
    expect(await hits("ls '/work e")).toEqual(["'/work er"]);
    expect(await hits('ls "/q/a')).toEqual(['"/q/a\\"b c']);
    expect(await hits("ls '/q/")).toEqual(['\'/q/a"b c']);
  });

  test('Chinese names', async () => {
    expect(await hits('ls /任')).toEqual(['/任务']);
  });

  test('a whole name goes on with a slash where there are children, else it is finished', async () => {
    const { completer } = completerOf();
    expect(await completer.complete('ls /worker')).toMatchObject({
      hits: ['/workers'],
      suffix: '',
    });
    expect(await completer.complete('ls /workers')).toMatchObject({ suffix: '/' });
    expect(await completer.complete('ls /tasks')).toMatchObject({ suffix: ' ' });
    expect(await completer.complete('ls "/work er')).toMatchObject({ suffix: '" ' });
  });
});

describe('lists of children', () => {
  test('are believed for two seconds, or until something happens', async () => {
    const { completer, asked, clock } = completerOf();
    await completer.complete('ls /ta');
    clock.now = 1999;
    await completer.complete('ls /wo');
    expect(asked).toEqual(['/']);
    clock.now = 2000;
    await completer.complete('ls /wo');
    expect(asked).toEqual(['/', '/']);
    completer.forget();
    await completer.complete('ls /wo');
    expect(asked).toEqual(['/', '/', '/']);
  });

  test('that come late complete nothing now, and everything at the next Tab', async () => {
    vi.useFakeTimers();
    let answer: (names: string[]) => void = () => undefined;
    const { completer, asked } = completerOf(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const first = completer.complete('ls /ta');
    await vi.advanceTimersByTimeAsync(299);
    expect(await Promise.race([first, Promise.resolve('waits')])).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect(await first).toBeNull();
    answer(['tasks']);
    expect((await completer.complete('ls /ta'))?.hits).toEqual(['/tasks']);
    expect(asked).toEqual(['/']);
  });

  test('that cannot be had complete nothing', async () => {
    const { completer } = completerOf(() => Promise.reject(new Error('ConnectionLoss')));
    expect((await completer.complete('ls /ta'))?.hits).toEqual([]);
  });

  test('of 10 000 names are there well within 200 ms', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `node-${i}`);
    const { completer } = completerOf(() => Promise.resolve(names));
    const before = performance.now();
    const completion = await completer.complete('ls /many/node');
    const text = listInColumns(completion?.labels ?? [], 80, (label) => label.length);
    expect(performance.now() - before).toBeLessThan(200);
    expect(text.split('\n').at(-1)).toBe('... and 9900 more');
  });
});

describe('the list on the screen', () => {
  test('runs down the columns and fits the width', () => {
    const labels = ['config', 'quota', 'a', 'b', 'c'];
    expect(listInColumns(labels, 24, (label) => label.length)).toBe('config   b\nquota    c\na');
    expect(listInColumns(labels, 5, (label) => label.length)).toBe('config\nquota\na\nb\nc');
  });

  test('lines up wide characters', () => {
    const widthOf = (text: string) => [...text].reduce((sum, c) => sum + (c > '\u2e80' ? 2 : 1), 0);
    expect(listInColumns(['任务', 'a', 'bc', 'd'], 14, widthOf)).toBe('任务   bc\na      d');
  });
});

test('a beginning that is shared never ends within a character', () => {
  expect(sharedBeginning(['/a\u{1f600}', '/a\u{1f601}'])).toBe('/a');
  expect(sharedBeginning([])).toBe('');
  expect(sharedBeginning(['one'])).toBe('one');
});
