// Arguments of `zk cli` in zkCli's spelling and ours.
import { describe, expect, it, vi } from 'vitest';
import { type CliArguments, parseArguments } from '../../../src/cli/args.ts';

function parse(line: string, env: Record<string, string> = {}): CliArguments {
  const args = parseArguments(line === '' ? [] : line.split(' '), env);
  if (args === 'help') throw new Error('help');
  return args;
}

describe('arguments of zk cli', () => {
  it('have the defaults of zkCli', () => {
    expect(parse('')).toMatchObject({
      server: 'localhost:2181',
      timeoutMs: 30_000,
      connectTimeoutMs: 10_000,
      command: [],
    });
  });

  it('take both spellings of every option', () => {
    for (const line of ['-server h:1', '--server h:1', '--server=h:1', '-s h:1']) {
      expect(parse(line).server, line).toBe('h:1');
    }
    for (const line of ['-timeout 5000', '--timeout 5000', '--timeout=5000']) {
      expect(parse(line).timeoutMs, line).toBe(5000);
    }
    for (const line of ['-waitforconnection', '--waitforconnection', '--wait-for-connection']) {
      expect(parse(line).waitForConnection, line).toBe(true);
    }
    expect(parse('-r').readOnly).toBe(true);
    expect(parse('--connect-timeout 3s').connectTimeoutMs).toBe(3000);
    expect(parse('--connect-timeout 3000').connectTimeoutMs).toBe(3000);
  });

  it('print the version and end', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      expect(parseArguments(['--version'], {})).toBe('help');
      expect(write.mock.calls.join('')).toMatch(
        /^zookeeper-ts CLI version: \d+\.\d+\.\d+.*, protocol level 3.8\n$/,
      );
    } finally {
      write.mockRestore();
    }
  });

  it('leave the words of the command alone, options and all', () => {
    expect(parse('-server h:1 ls -R /').command).toEqual(['ls', '-R', '/']);
    expect(parse('-q create -e -s /a -5').command).toEqual(['create', '-e', '-s', '/a', '-5']);
    expect(parse('set /a -server').command).toEqual(['set', '/a', '-server']);
    expect(parse('ls --help').command).toEqual(['ls', '--help']);
    expect(parse('-- ls /').command).toEqual(['ls', '/']);
  });

  it('take the environment where no option is given', () => {
    const env = { ZK_SERVER: 'e:1', ZK_TIMEOUT: '7000', ZK_AUTH: 'digest:a:b', LANG: 'zh_CN' };
    expect(parse('', env)).toMatchObject({
      server: 'e:1',
      timeoutMs: 7000,
      auth: [{ scheme: 'digest', auth: 'a:b' }],
      language: 'zh',
    });
    expect(parse('-server o:1 -timeout 1 --auth ip:x --lang en', env)).toMatchObject({
      server: 'o:1',
      timeoutMs: 1,
      auth: [{ scheme: 'ip', auth: 'x' }],
      language: 'en',
    });
  });

  it('take a variable that is set to nothing as none', () => {
    const env = { ZK_SERVER: '', ZK_TIMEOUT: '', ZK_AUTH: '' };
    const expected = {
      server: 'localhost:2181',
      isServerGiven: false,
      timeoutMs: 30_000,
      auth: [],
    };
    expect(parse('', env)).toMatchObject(expected);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['--nosuch', /--nosuch/],
    ['-nosuch ls /', /-nosuch|-n/],
    ['-server', /--server/],
    ['-servr h:1 ls /', /-servr.*did you mean -server\?/],
    ['-time 5 ls /', /-time/],
    ['-timeout abc', /abc/],
    ['--timeout -5', /-5/],
    ['--auth nocolon', /nocolon/],
    ['--lang fr', /fr/],
    ['-client-configuration x', /not supported/],
  ];
  for (const [line, message] of wrong) {
    it(`refuse ${line} in one line with status 2`, () => {
      let text = '';
      try {
        parse(line);
      } catch (error) {
        text = (error as Error).message;
        expect((error as { status: number }).status).toBe(2);
      }
      expect(text).toMatch(message);
      expect(text).not.toContain('\n');
    });
  }
});
