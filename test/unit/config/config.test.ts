// What a user reads and what a server gets from a zoo.cfg: messages, defaults, one case per rule.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Config, type ParseOptions, parseConfig } from '../../../src/config/index.ts';
import { keyNamed, keys } from '../../../src/config/keys.ts';

const base = 'tickTime=2000\ndataDir=/data\nclientPort=2181\n';

const parse = (text: string, options: Partial<ParseOptions> = {}) =>
  parseConfig(text, 'zoo.cfg', { cwd: '/home', ...options });

function accepted(text: string, options: Partial<ParseOptions> = {}): Config {
  const result = parse(text, options);
  if ('errors' in result) throw new Error(result.errors.join('\n'));
  return result.config;
}

function warnings(text: string, options: Partial<ParseOptions> = {}): readonly string[] {
  const result = parse(text, options);
  if ('errors' in result) throw new Error(result.errors.join('\n'));
  return result.warnings;
}

function errors(text: string, options: Partial<ParseOptions> = {}): readonly string[] {
  const result = parse(text, options);
  if ('config' in result) throw new Error('accepted');
  return result.errors;
}

/** The code of the program, without the table itself and the sample that is made from it. */
function readSource(folder: URL): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/^(keys|keyTypes|sample)\.ts$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

describe('errors', () => {
  test('name file, line, key and what was got', () => {
    expect(errors(`# a comment\n\n${base.replace('2000', '0')}`)).toEqual([
      'zoo.cfg:3: tickTime must be at least 1, got 0',
    ]);
  });

  test('keep the session timeouts, up to 20 ticks, within the 32 bits of the protocol', () => {
    expect(errors(base.replace('2000', '107374183'))).toEqual([
      'zoo.cfg:1: tickTime must be at most 107374182, got 107374183',
    ]);
    const { maxSessionTimeout } = accepted(base.replace('2000', '107374182'));
    expect(maxSessionTimeout).toBeLessThan(2 ** 31);
  });

  test('are all listed, in the order of the file', () => {
    expect(errors('tickTime=x\nclientPort=70000\nforceSync=maybe\n')).toEqual([
      'zoo.cfg:1: tickTime must be an integer, got "x"',
      'zoo.cfg:2: clientPort must be at most 65535, got 70000',
      'zoo.cfg:3: forceSync must be yes or no, got "maybe"',
      'zoo.cfg: dataDir is not set',
    ]);
  });

  test('come with the warnings, which may explain them', () => {
    const result = parse('tickTime=2000\ndataDir=/data\nclientPrt=2181\n');
    expect(result).toEqual({
      errors: ['zoo.cfg: clientPort is not set'],
      warnings: ['zoo.cfg:3: unknown key clientPrt is ignored; did you mean clientPort?'],
    });
  });

  test('count lines through continuations and Windows line ends', () => {
    expect(errors(`${base}dataLogDir=/a\\\n  /b\r\n\r\nsnapCount=x\r\n`)).toEqual([
      'zoo.cfg:7: snapCount must be an integer, got "x"',
    ]);
  });

  test('of a server line show the form', () => {
    expect(errors(`${base}server.1=127.0.0.1:2222\n`)[0]).toBe(
      'zoo.cfg:4: server.1 must be host:peerPort:electionPort[:role]' +
        '[;[clientAddress:]clientPort], got "127.0.0.1:2222"',
    );
  });

  test('refuse encryption and access rules that cannot be kept, and only when asked for', () => {
    expect(errors(`${base}secureClientPort=2281\n`)[0]).toMatch(
      /^zoo.cfg:4: secureClientPort is not supported yet; .*less safe/,
    );
    expect(errors(`${base}sslQuorum=true\nenforce.auth.enabled=true\n`)).toHaveLength(2);
    expect(warnings(`${base}sslQuorum=false\nsecureClientPort=0\n`)).toEqual([]);
  });
});

describe('warnings', () => {
  test('say which key was meant', () => {
    expect(warnings(`${base}tickTme=1000\n`)).toEqual([
      'zoo.cfg:4: unknown key tickTme is ignored; did you mean tickTime?',
    ]);
    expect(warnings(`${base}autopurge.purgeIntervall=1\n`)).toEqual([
      'zoo.cfg:4: unknown key autopurge.purgeIntervall is ignored; ' +
        'did you mean autopurge.purgeInterval?',
    ]);
    expect(warnings(`${base}com.example.setting=1\n`)).toEqual([
      'zoo.cfg:4: unknown key com.example.setting is ignored',
    ]);
  });

  test('say where a # begins no comment, without the value, which may be secret', () => {
    expect(warnings(`${base}dataLogDir=/log # the log, hunter2\n`)).toEqual([
      'zoo.cfg:4: the value of dataLogDir goes on after the #; a comment needs a line of its own',
    ]);
    expect(parse(`${base}snapCount=9 # few\n`)).toMatchObject({
      errors: ['zoo.cfg:4: snapCount must be an integer, got "9 # few"'],
      warnings: [expect.stringContaining('a comment needs a line of its own')],
    });
    expect(warnings(`${base}dataLogDir=/log#1\n`)).toEqual([]);
  });

  test('show at most the beginning of a key, and none of its control characters', () => {
    expect(warnings(`${base}${'k'.repeat(5000)}=1\n`)).toEqual([
      `zoo.cfg:4: unknown key ${'k'.repeat(60)}... is ignored`,
    ]);
    expect(warnings(`${base}a\x1b[2Jb=1\n`)).toEqual([
      'zoo.cfg:4: unknown key "a\\u001b[2Jb" is ignored',
    ]);
    expect(warnings(`${base}键=1\n`)).toEqual(['zoo.cfg:4: unknown key 键 is ignored']);
  });

  test('name a key that is given twice, whose last value counts', () => {
    const text = `${base}tickTime=3000\n`;
    expect(warnings(text)).toEqual([
      'zoo.cfg:4: tickTime was already given at zoo.cfg:1; this line is taken',
    ]);
    expect(accepted(text).tickTime).toBe(3000);
  });

  test('come once for each key that has no effect, and not for its default', () => {
    expect(warnings(`${base}snapshot.compression.method=gz\nssl.keyStore.location=/k\n`)).toEqual([
      'zoo.cfg:4: snapshot.compression.method is known but not supported yet; it has no effect',
      'zoo.cfg:5: ssl.keyStore.location is known but not supported yet; it has no effect',
    ]);
    expect(warnings(`${base}reconfigEnabled=false\nadmin.enableServer=false\n`)).toEqual([]);
    expect(warnings(`${base}forceSync=yes\nskipACL=no\n`)).toEqual([]);
    expect(warnings(`${base}forceSync=no\nskipACL=yes\n`)).toEqual([
      'zoo.cfg:4: forceSync is no: writes are answered before they are on disk; a power failure can lose them',
      'zoo.cfg:5: skipACL is yes: no ACL is checked; every client may read, change and delete everything',
    ]);
    expect(warnings(`${base}watchManagerName=WatchManager\n`)).toEqual([
      'zoo.cfg:4: watchManagerName has no meaning in this server and is ignored',
    ]);
  });

  test('name the defaults of note 001, whose file has only dataDir, clientPort and servers', () => {
    const text = [
      'dataDir=/web/zookeeper/data/z1',
      'clientPort=2181',
      '#2222: data, 2223: election',
      'server.1=127.0.0.1:2222:2223',
      'server.2=127.0.0.1:3333:3334',
      'server.3=127.0.0.1:4444:4445',
    ].join('\n');
    expect(warnings(text, { myid: '1\n' })).toEqual([
      'zoo.cfg: tickTime is not set, taking 2000',
      'zoo.cfg: initLimit is not set, taking 10',
      'zoo.cfg: syncLimit is not set, taking 5',
    ]);
    const config = accepted(text, { myid: '1\n' });
    expect(config).toMatchObject({ tickTime: 2000, initLimit: 10, syncLimit: 5, myid: 1 });
    expect(config.isDistributed).toBe(true);
    expect(config.ensemble.servers.map((server) => server.addresses[0])).toEqual([
      { host: '127.0.0.1', peerPort: 2222, electionPort: 2223 },
      { host: '127.0.0.1', peerPort: 3333, electionPort: 3334 },
      { host: '127.0.0.1', peerPort: 4444, electionPort: 4445 },
    ]);
  });

  test('tell where a relative directory is, unless a dot says that it is meant', () => {
    const relative = base.replace('/data', 'data');
    expect(warnings(relative)).toEqual(['zoo.cfg:2: dataDir is relative: /home/data is used']);
    expect(warnings(relative.replace('=data', '=./data'))).toEqual([]);
    expect(accepted(relative).dataDir).toBe('/home/data');
  });
});

describe('values', () => {
  test('have the documented defaults', () => {
    expect(accepted(base)).toMatchObject({
      dataLogDir: '/data',
      clientPortAddress: null,
      maxClientCnxns: 60,
      minSessionTimeout: 4000,
      maxSessionTimeout: 40_000,
      snapCount: 100_000,
      preAllocSize: 65_536,
      globalOutstandingLimit: 10_000,
      forceSync: true,
      skipACL: false,
      enforceQuota: false,
      'jute.maxbuffer': 1_048_575,
      'autopurge.snapRetainCount': 3,
      'digest.enabled': true,
      'DigestAuthenticationProvider.digestAlg': 'sha1',
      'znode.container.checkIntervalMs': 60_000,
      isDistributed: false,
      myid: null,
    });
  });

  test('purge old snapshots every hour unless told not to, where Apache never does', () => {
    expect(accepted(base)['autopurge.purgeInterval']).toBe(1);
    expect(accepted(`${base}autopurge.purgeInterval=0\n`)['autopurge.purgeInterval']).toBe(0);
  });

  test('allow the four-letter words that read cheaply, or those listed', () => {
    const words = accepted(base)['4lw.commands.whitelist'];
    expect(words).toEqual(expect.arrayContaining(['ruok', 'mntr', 'stat', 'srvr', 'wchs']));
    for (const word of ['wchp', 'wchc', 'crst', 'srst', 'stmk']) expect(words).not.toContain(word);
    expect(
      accepted(`${base}4lw.commands.whitelist=stat, ruok,\n`)['4lw.commands.whitelist'],
    ).toEqual(['stat', 'ruok']);
    expect(accepted(`${base}4lw.commands.whitelist=*\n`)['4lw.commands.whitelist']).toEqual(['*']);
  });

  test('follow the tick where they are counted in ticks', () => {
    expect(accepted(base.replace('2000', '100'))).toMatchObject({
      minSessionTimeout: 200,
      maxSessionTimeout: 2000,
    });
  });

  test('can be given by the names of the Java properties', () => {
    const text = `${base}connection_throttle_tokens=5\nzookeeper.snapCount=10\n`;
    expect(warnings(text).filter((warning) => warning.includes('unknown'))).toEqual([]);
    expect(accepted(text)).toMatchObject({ connectionMaxTokens: 5, snapCount: 10 });
  });

  test('below a minimum that Apache raises are raised, with a warning', () => {
    const text = `${base}autopurge.snapRetainCount=1\n`;
    expect(warnings(text)).toEqual([
      'zoo.cfg:4: autopurge.snapRetainCount must be at least 3, taking 3',
    ]);
    expect(accepted(text)['autopurge.snapRetainCount']).toBe(3);
  });

  test('of jute.maxbuffer may be hexadecimal, as in the guide', () => {
    expect(accepted(`${base}jute.maxbuffer=0x200000\n`)['jute.maxbuffer']).toBe(2_097_152);
  });

  test('of the digest algorithm take the names of Java', () => {
    const name = 'DigestAuthenticationProvider.digestAlg';
    expect(accepted(`${base}${name}=SHA-256\n`)[name]).toBe('sha256');
    expect(errors(`${base}${name}=RipeMD\n`)[0]).toMatch(/must be one of .*sha256.*"RipeMD"/);
  });

  test('cannot be changed afterwards', () => {
    const config = accepted(base);
    expect(() => Object.assign(config, { tickTime: 1 })).toThrow(TypeError);
  });
});

describe('the number of this server', () => {
  const three =
    base +
    'initLimit=10\nsyncLimit=5\n' +
    'server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer;[::1]:2999\nserver.4=d:1:2\n';

  test('comes from the file myid, or from the key of that name', () => {
    expect(accepted(three, { myid: '2\n' }).myid).toBe(2);
    expect(accepted(`${three}myid=2\n`, { myid: null }).myid).toBe(2);
    expect(errors(`${three}myid=1\n`, { myid: '2\n' })).toEqual([
      'zoo.cfg:10: myid is 1, but /data/myid says 2',
    ]);
  });

  test('is missed by name when there are several servers', () => {
    expect(errors(three, { myid: null })).toEqual([
      'zoo.cfg: myid file is missing: /data/myid must hold the number of this server',
    ]);
    expect(errors(three, { myid: '7' })).toEqual([
      'zoo.cfg: My id 7 not in the peer list: there is no server.7 line',
    ]);
    expect(errors(three, { myid: 'one' })).toEqual([
      '/data/myid: must hold the number of this server, got "one"',
    ]);
  });

  test('is not missed because its own line cannot be read', () => {
    const broken = three.replace('server.1=a:1:2', 'server.1=a:1');
    expect(errors(broken, { myid: '1' })).toEqual([
      expect.stringMatching(/^zoo\.cfg:6: server\.1 must be host:peerPort:electionPort/),
    ]);
    const parsed = parse(broken, { myid: '1' });
    // Three are left, of which two vote: that would not be said to one who means four.
    expect(parsed.warnings).toEqual([]);
  });

  test('has a place that no other server has, and no client of its own', () => {
    const shared = three.replace('server.2=b:1:2', 'server.2=a:2:3');
    expect(errors(shared, { myid: '1' })).toEqual([
      "zoo.cfg:7: server.2 has a:2, which is server.1's already",
    ]);
    const client = three.replace('server.2=b:1:2', 'server.2=b:2181:2');
    expect(errors(client, { myid: '2' })).toEqual([
      'zoo.cfg:3: clientPort 2181 is the port for peers in the server line zoo.cfg:7',
    ]);
    expect(accepted(`${client}clientPortAddress=c\n`, { myid: '2' }).clientPort).toBe(2181);
    expect(accepted(client, { myid: '1' }).clientPort).toBe(2181);
  });

  test('decides the role and the client port', () => {
    const text = three.replace('clientPort=2181\n', '');
    expect(accepted(text, { myid: '3' })).toMatchObject({
      peerType: 'observer',
      clientPort: 2999,
      clientPortAddress: '::1',
    });
    expect(errors(text, { myid: '1' })).toEqual(['zoo.cfg: clientPort is not set']);
  });

  test('must leave room for the mark of TTL znodes', () => {
    const many = three.replace('server.4', 'server.255');
    expect(errors(`${many}extendedTypesEnabled=true\n`, { myid: '1' })[0]).toMatch(
      /^zoo.cfg:9: with extendedTypesEnabled a server number must be at most 254, got 255/,
    );
  });
});

describe('the table of keys', () => {
  test('calls only those supported that something reads', () => {
    const source = readSource(new URL('../../../src/', import.meta.url));
    const read = (name: string) => source.includes(name.includes('.') ? `'${name}'` : name);
    const unread = Object.entries(keys)
      .filter(([name, row]) => ['supported', 'ensemble'].includes(row.status) && !read(name))
      .map(([name]) => name);
    expect(unread).toEqual([]);
  });

  test('has a default of every key that its own parser takes', () => {
    for (const [name, row] of Object.entries(keys)) {
      if (row.default === null || Array.isArray(row.default)) continue;
      const text = typeof row.default === 'boolean' ? `${row.default}` : String(row.default);
      expect(row.parse(text), name).toEqual({ value: row.default });
    }
  });

  test('knows every key by name, property and with the prefix zookeeper', () => {
    for (const [name, row] of Object.entries(keys)) {
      if (name.endsWith('*')) continue;
      expect(keyNamed(name)).toBe(name);
      expect(keyNamed(`zookeeper.${name}`)).toBe(name);
      if (row.property !== null) expect(keyNamed(row.property)).toBe(name);
    }
    expect(keyNamed('authProvider.1')).toBe('authProvider.*');
  });
});
