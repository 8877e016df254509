// The files of a new ensemble: what they say is what was asked for, and the server reads it so.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../../src/config/index.ts';
import { memberFileText } from '../../../src/config/memberFile.ts';
import { DEFAULTS, type InitChoices, splitHosts } from '../../../src/server/init/choices.ts';
import { type InitPlan, planInit } from '../../../src/server/init/plan.ts';
import { inTheWay, writePlan } from '../../../src/server/init/write.ts';
import { temporaryDirectory } from '../../support/processes.ts';

const plan = (choices: Partial<InitChoices>): InitPlan | string =>
  planInit({ ...DEFAULTS, ...choices });
const good = (choices: Partial<InitChoices>): InitPlan => {
  const made = plan(choices);
  if (typeof made === 'string') throw new Error(made);
  return made;
};
const serverLines = ({ files }: InitPlan, id: number): string[] =>
  files.find(({ path }) => path.endsWith(`z${id}.cfg`))?.text.match(/^server\..*$/gm) ?? [];

describe('the plan', () => {
  test('on one host has the ports of the notes', () => {
    const made = good({});
    expect(made.servers.map(({ clientPort }) => clientPort)).toEqual([2181, 2182, 2183]);
    expect(serverLines(made, 2)).toEqual([
      'server.1=127.0.0.1:2222:2223',
      'server.2=127.0.0.1:3333:3334',
      'server.3=127.0.0.1:4444:4445',
    ]);
    expect(made.warnings).toEqual([]);
  });

  test('on hosts of their own has the usual ports everywhere', () => {
    const made = good({ hosts: ['ip104', 'ip105', 'ip106'], clientPort: 2000 });
    expect(serverLines(made, 1)).toEqual([
      'server.1=ip104:2888:3888',
      'server.2=ip105:2888:3888',
      'server.3=ip106:2888:3888',
    ]);
    expect(new Set(made.servers.map(({ clientPort }) => clientPort))).toEqual(new Set([2000]));
  });

  test('addresses of this machine alone are one host: each server has ports of its own', () => {
    const made = good({ hosts: ['127.0.0.10', '127.0.0.11', 'localhost'] });
    expect(serverLines(made, 1)).toEqual([
      'server.1=127.0.0.10:2222:2223',
      'server.2=127.0.0.11:3333:3334',
      'server.3=localhost:4444:4445',
    ]);
    expect(made.servers.map(({ clientPort }) => clientPort)).toEqual([2181, 2182, 2183]);
  });

  test('an observer is one in its own file and in all lists', () => {
    const made = good({ observers: 1 });
    expect(serverLines(made, 1)[3]).toBe('server.4=127.0.0.1:5555:5556:observer');
    expect(made.files.find(({ path }) => path.endsWith('z4.cfg'))?.text).toContain(
      '\npeerType=observer\n',
    );
    expect(made.files.find(({ path }) => path.endsWith('z1.cfg'))?.text).not.toContain('peerType');
  });

  test('one server is a standalone one, without a list', () => {
    expect(serverLines(good({ servers: 1 }), 1)).toEqual([]);
  });

  test('addresses of version 6 stand in brackets', () => {
    expect(serverLines(good({ hosts: ['::1'] }), 1)[0]).toBe('server.1=[::1]:2222:2223');
  });

  test.each<[Partial<InitChoices>, RegExp]>([
    [
      { hosts: ['a', 'b'] },
      /^there are 3 servers, but 2 hosts; name one for all, or one for each$/,
    ],
    [
      { clientPort: 2222 },
      /^port 2222 of 127\.0\.0\.1 would be .* and .*; take another client port$/,
    ],
    [
      { hosts: ['127.0.0.10', '127.0.0.11', 'localhost'], clientPort: 3333 },
      /^port 3333 of 127\.0\.0\.11 would be for clients of server 1 and for peers of server 2;/,
    ],
    [{ clientPort: 65_534 }, /^there are not 3 ports from 65534 on$/],
    [{ servers: 1, observers: 1 }, /^observers need at least two/],
    [{ servers: 40, observers: 20 }, /^60 servers are more than 50$/],
    [{ hosts: ['two words'] }, /^"two words" is no host name or address$/],
    [{ hosts: ['a:b:c|d'] }, /is no host name or address$/],
    [{ hosts: ['ip104:2181'] }, /^"ip104:2181" is no host .*; a host is named without a port$/],
    [{ hosts: ['-server'] }, /^"-server" is no host name or address$/],
    [{ hosts: ['[ip104]'] }, /^"\[ip104\]" is no host name or address$/],
  ])('%j is refused with one line', (choices, line) => {
    const made = plan(choices);
    expect(made).toMatch(line);
  });

  test('warnings of the configuration are said once', () => {
    expect(good({ servers: 2 }).warnings).toEqual([
      'two servers tolerate no failure; at least three are needed for that',
    ]);
  });

  test('hosts may be separated in any way', () => {
    expect(splitHosts(' a, b,,c d ')).toEqual(['a', 'b', 'c', 'd']);
  });
});

test.each(['/a b/c', '/täst/数据', '/with#mark!', '/eq=ual:s', 'C:\\zk\\new', '/end\\'])(
  'a dataDir %s comes back from the file as it was',
  (dataDir) => {
    const servers = [1, 2, 3].map((id) => ({
      id,
      host: 'h',
      peerPort: 1000 + id,
      electionPort: 2000 + id,
      isObserver: false,
    }));
    const text = memberFileText({ id: 1, dataDir, clientPort: 2181, tickTime: 500, servers });
    const parsed = parseConfig(text, 'z1.cfg', { cwd: '/', myid: '1' });
    expect(parsed).toMatchObject({
      config: { dataDir: resolve('/', dataDir), tickTime: 500, initLimit: 10, syncLimit: 5 },
    });
  },
);

describe('writing', () => {
  test('makes files that load without a warning, with their myid', () => {
    const dir = temporaryDirectory('init');
    const made = good({ dir, observers: 1 });
    expect(inTheWay(made)).toEqual([]);
    writePlan(made);
    for (const { id, cfg, isObserver } of made.servers) {
      expect(loadConfig(cfg, '/')).toMatchObject({
        warnings: [],
        config: {
          myid: id,
          dataDir: join(dir, `data/z${id}`),
          peerType: isObserver ? 'observer' : 'participant',
        },
      });
    }
    expect(readFileSync(join(dir, 'data/z2/myid'), 'utf8')).toBe('2\n');
    expect(inTheWay(made)).toHaveLength(8);
  });

  test('data of a server is in the way, too', () => {
    const dir = temporaryDirectory('init');
    mkdirSync(join(dir, 'data/z3/version-2'), { recursive: true });
    expect(inTheWay(good({ dir }))).toEqual([join(dir, 'data/z3/version-2')]);
  });

  test('takes everything back when one file cannot be written', () => {
    const dir = temporaryDirectory('init');
    // The last directory cannot be made: a file has its name.
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data/z3'), '');
    expect(() => writePlan(good({ dir }))).toThrow();
    expect(readdirSync(dir)).toEqual(['data']);
    expect(readdirSync(join(dir, 'data'))).toEqual(['z3']);
    expect(existsSync(join(dir, 'conf'))).toBe(false);
  });
});
