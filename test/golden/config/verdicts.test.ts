// Our reading of 119 zoo.cfg files against Apache's, whose verdicts Verdicts.java recorded.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig, type ParsedConfig } from '../../../src/config/index.ts';
import { keyNamed } from '../../../src/config/keys.ts';

/** Where we decide otherwise, and why. */
const differences: Record<string, { ours: 'accepted' | 'refused'; why: string }> = {
  'note 001 as it is': { ours: 'accepted', why: 'missing limits have defaults here' },
  'tickTime missing': { ours: 'accepted', why: 'our default is the 2000 of the sample file' },
  'three servers without initLimit': { ours: 'accepted', why: 'missing limits have defaults' },
  'three servers without syncLimit': { ours: 'accepted', why: 'missing limits have defaults' },
  'clientPort missing': { ours: 'refused', why: 'a server that no client can reach is a mistake' },
  'clientPort 0': { ours: 'accepted', why: 'takes a free port here, no port at all there' },
  'client port of another server': { ours: 'refused', why: 'no client could reach this server' },
  'maxClientCnxns negative': { ours: 'refused', why: '0 is how to say no limit' },
  'myid with spaces': { ours: 'accepted', why: 'the number is clear' },
  'myid not in the list': { ours: 'refused', why: 'Apache says so too, but later' },
  'server line without host': { ours: 'refused', why: 'an empty host means localhost to Java' },
  'server line with a trailing space': { ours: 'accepted', why: 'cannot be seen in an editor' },
  'server number negative': { ours: 'refused', why: 'ids are 0 to 255 by the guide' },
  'secure client port': { ours: 'refused', why: 'TLS does not exist here yet' },
  'metrics provider that does not exist': { ours: 'accepted', why: 'there are no classes here' },
  'secure address without port': { ours: 'accepted', why: 'has no effect, a warning says so' },
  'snapCount not a number': { ours: 'refused', why: 'Java takes the default without a word' },
  'forceSync maybe': { ours: 'refused', why: 'Java takes everything but yes for no' },
};

const directory = mkdtempSync(join(tmpdir(), 'zk-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

const here = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const verdicts = new Map(
  here('verdicts.tsv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t') as [string, string, string])
    .map(([name, verdict, shown]) => [name, { verdict, shown }]),
);
const cases = here('cases.txt')
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const [head = '', ...files] = text.split(/^--- /m);
    const end = head.indexOf('\n');
    return { name: head.slice(0, end), files: [`zoo.cfg\n${head.slice(end + 1)}`, ...files] };
  });

function load(files: string[], home: string): ParsedConfig {
  mkdirSync(home);
  for (const file of files) {
    const end = file.indexOf('\n');
    writeFileSync(join(home, file.slice(0, end)), file.slice(end + 1).replaceAll('@DIR@', home));
  }
  return loadConfig(join(home, 'zoo.cfg'), home);
}

/** The line that Verdicts.java prints for an accepted configuration. */
function show(config: Config): string {
  const role = config.isDistributed ? config.peerType : 'participant';
  const parts = [
    `tickTime=${config.tickTime}`,
    `timeouts=${config.minSessionTimeout}..${config.maxSessionTimeout}`,
    `maxClientCnxns=${config.maxClientCnxns}`,
    `backlog=${config.clientPortListenBacklog}`,
    `client=${config.clientPortAddress ?? '0.0.0.0'}:${config.clientPort}`,
    `snapRetainCount=${config['autopurge.snapRetainCount']}`,
    `peerType=${role}`,
    `distributed=${config.isDistributed}`,
    `id=${config.myid ?? 'none'}`,
    `version=${config.ensemble.version.toString(16)}`,
  ];
  for (const server of config.ensemble.servers) {
    const peers = server.addresses.map((a) => `${a.host}:${a.peerPort}`).sort();
    const elections = server.addresses.map((a) => `${a.host}:${a.electionPort}`).sort();
    const client = server.client === null ? '' : `${server.client.address}:${server.client.port}`;
    const weight = server.role === 'observer' ? 0 : (config.ensemble.weights.get(server.id) ?? 1);
    const addresses = `[${peers.join(', ')}][${elections.join(', ')}]`;
    parts.push(`${server.id}=${server.role}${addresses}${client}*${weight}`);
  }
  return parts.join(' ');
}

describe('a zoo.cfg file is taken or refused as by Apache, with the same values', () => {
  test.each(cases.map((c, i) => ({ ...c, i })))('$name', ({ name, files, i }) => {
    const apache = verdicts.get(name);
    expect(apache).toBeDefined();
    const ours = load(files, join(directory, String(i)));
    const verdict = 'config' in ours ? 'accepted' : 'refused';
    const difference = differences[name];
    if (difference !== undefined) {
      const shown = 'config' in ours ? show(ours.config) : '';
      expect(verdict).toBe(difference.ours);
      expect({ verdict, shown }, difference.why).not.toEqual(apache);
      return;
    }
    expect(ours).toHaveProperty(apache?.verdict === 'accepted' ? 'config' : 'errors');
    if ('config' in ours) {
      const shown = show(ours.config);
      expect(shown).toBe(apache?.shown.replaceAll('0:0:0:0:0:0:0:1', '::1'));
    }
  });

  test('every error names the file and says something', () => {
    const home = join(directory, 'errors');
    mkdirSync(home);
    cases.forEach(({ files }, i) => {
      const result = load(files, join(home, String(i)));
      for (const error of 'errors' in result ? result.errors : []) {
        expect(error).toMatch(/(zoo\.cfg|dynamic|myid).*: .{10,}/);
      }
    });
  });
});

test('every key that the guide or the code of 3.8.0 names is known here', () => {
  const names = here('documentedKeys.txt').trimEnd().split('\n').slice(1);
  expect(names.filter((name) => keyNamed(name) === null)).toEqual([]);
});
