// Replays what Apache's zkCli 3.8.0 was typed through our shell, and compares up to the differences that were decided.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Printed, RunningShell } from './cliRunner.ts';
import type { ServerOptions, TestServer } from './servers.ts';

interface OneShot {
  readonly args: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

interface Line {
  readonly line: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Script {
  readonly jline: boolean;
  readonly lines: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

const golden = <T>(name: string): T[] =>
  JSON.parse(readFileSync(new URL(`../golden/cli/${name}.json`, import.meta.url), 'utf8'));

/** What ours does otherwise, by the words of the command; `then` puts the tree where Apache's shell left it. */
interface Decision {
  readonly why: string;
  readonly stdout?: string | RegExp;
  readonly stderr?: RegExp;
  readonly status?: number;
  readonly then?: readonly string[];
}

const helpful = { why: 'a real help', stderr: /^$/, stdout: /./, status: 0 };
const checked = (stderr: RegExp, then?: readonly string[]): Decision => ({
  why: 'a wrong word is named, and nothing is sent',
  stderr,
  status: 2,
  ...(then === undefined ? {} : { then }),
});

const DECISIONS: Readonly<Record<string, Decision>> = {
  'ls -s / true': { why: 'old and new form together', stdout: /^\[.*\]\ncZxid/, status: 0 },
  'get -s /b true': { why: 'old and new form together', stdout: /^hello\ncZxid/, status: 0 },
  'create /acl3 data bad': checked(/^bad does not have the form scheme:id:perm\n$/),
  'create /acl4 data world:anyone:z': checked(/^Unknown perm type: z\n$/, [
    'create',
    '/acl4',
    'data',
    'world:anyone:r',
  ]),
  'create /more one world:anyone:r extra words': checked(/^Unexpected word: extra;/, [
    'create',
    '/more',
    'one',
    'world:anyone:r',
  ]),
  'create /neg2 -5': {
    why: '-5 is data',
    stdout: 'Created /neg2\n',
    status: 0,
    then: ['delete', '/neg2'],
  },
  'set -v abc /b x': checked(/^Not a number for the version: abc\n$/),
  'set /b d 9': {
    why: 'a third word is a version',
    stderr: /^version No is not valid : \/b\n$/,
    status: 1,
    then: ['set', '/b', 'd'],
  },
  'setAcl -v x /s world:anyone:cdrwa': checked(/^Not a number for the version: x\n$/),
  'setAcl -R /s world:anyone:cdra': {
    why: 'a failing node is an error',
    stderr: /^Insufficient permission : \/s\/none\n$/,
    stdout: '',
    status: 1,
  },
  'setAcl -R /s world:anyone:cdrwa': {
    why: 'a failing node is an error',
    stderr: /^Insufficient permission : /,
    stdout: '',
    status: 1,
  },
  'setAcl /s bad': checked(/^bad does not have the form/),
  'setAcl /s world:anyone:q': checked(/^Unknown perm type: q\n$/, [
    'setAcl',
    '/s',
    'world:anyone:',
  ]),
  'deleteall /': checked(/--force/),
  'addauth digest': checked(/user:password/),
  'addauth nosuch x': { why: 'told at once', stderr: /AuthFailed/, status: 4 },
  'setquota -n 2 -b 3 /c': {
    why: 'several limits at once',
    status: 0,
    stderr: /^$/,
    then: ['delquota', '/c'],
  },
  'setquota -n x /c': checked(/^Not a number for -n: x\n$/),
  'setquota /c': checked(/^Missing -n, -b, -N or -B;/),
  'delquota -N -b -B /quota': { why: 'several limits at once', status: 0, stderr: /^$/ },
  'redo x': checked(/^Not a number of the history: x\n$/),
  redo: checked(/^Missing number;/),
  history: { why: 'no line was typed', stdout: '', status: 0 },
  version: { why: 'our own name', stdout: /^zookeeper-ts CLI version: .*3\.8\n$/, status: 0 },
  help: helpful,
  'help get': helpful,
  exit: { why: 'ZOOKEEPER-5022', status: 0, stderr: /^$/ },
  'getAcl -s /': {
    why: '/neg2 came and went, which cversion counts',
    stdout:
      /^'world,'anyone\n: cdrwa\ncZxid = 0x0\n(.*\n){4}cversion = 19\n(.*\n){4}numChildren = 9\n$/,
    status: 0,
  },
  'ls2 /': { why: 'old commands stay', stdout: /^\[.*\]\ncZxid/, stderr: /^$/, status: 0 },
};
/** By this command Apache's one-shot sessions from before had expired. */
const EXPIRED_BEFORE = 'getAcl -s /';
/** These would change the tree, which Apache's shell did not. */
const NOT_RUN = new Set(['rmr /acl']);

const withoutEvents = (text: string): string =>
  text
    .replace(/^Connecting to .*\n/, '')
    .replace(/^Welcome to ZooKeeper!\n/m, '')
    .replace(/^JLine support is disabled\n/m, '')
    .replaceAll(/\nWATCHER::\n\nWatchedEvent state:\w+ type:None path:null\n/g, '');

/** Zxids, times and session ids differ from run to run, and the commands before left other owners. */
const masked = (text: string): string =>
  text
    .replaceAll(/Zxid = 0x[0-9a-f]+/g, 'Zxid = 0x')
    .replaceAll(/Owner = 0x[0-9a-f]{2,}/g, 'Owner = 0x')
    .replaceAll(/time = \w{3} \w{3} \d\d [\d:]{8} \w+ 20\d\d/g, 'time = now');

const eventsAsNotes = (text: string): string =>
  text.replaceAll(/\nWATCHER::\n\n(WatchedEvent .*\n)/g, 'WATCHER::\n$1');

const CREATED = /^Created .*\n/gm;
const NOISE = [
  /^'.*' has been deprecated\. .*\n/gm,
  /^absolute path is .*\n/gm,
  CREATED,
  /^KeeperErrorCode = InvalidACL.*\n(?=Acl is not valid)/gm,
];
const COMMANDS = [
  ...['ls', 'create', 'get', 'stat', 'set', 'delete', 'deleteall', 'getAcl', 'setAcl', 'addauth'],
  ...['addWatch', 'removewatches', 'sync', 'reconfig', 'listquota', 'delquota', 'config'],
  'getAllChildrenNumber',
];
const USAGE = new RegExp(`^(${COMMANDS.join('|')}) [^:]*(:.*)?\\n$`);

/** The message that ours prints too; undefined where ours has better words: usage, parser exceptions. */
function expectedError(stderr: string): string | undefined {
  let text = stderr;
  for (const noise of NOISE) text = text.replaceAll(noise, '');
  const isUsage = USAGE.test(text);
  const isJava = text.includes('org.apache') || text.includes('Exception in');
  return isUsage || isJava || text.includes('Command not found') ? undefined : text;
}

/** Section "exit codes": usage is 2 and a refusal 4 where Apache's shell says 1 or even 0. */
function expectedStatus(exit: number, stderr: string): readonly number[] {
  if (exit === 127) return [127];
  const message = expectedError(stderr);
  if (message === undefined) return [2];
  if (/^Insufficient permission/m.test(message)) return [4];
  if (
    /^(Path |-c |-t |TTLs|ttl must|Command index|Can't use|the (num|bytes) quota)/.test(message)
  ) {
    return [2];
  }
  if (/^cannot set a quota|which has a quota/.test(message)) return [2];
  if (/^quota for/.test(message)) return [1];
  return [exit];
}

function compareOneShot({ args, stdout, stderr, exit }: OneShot, ours: Printed): void {
  const name = args.slice(2).join(' ');
  const decision = DECISIONS[name];
  if (decision !== undefined) {
    const { status = 0, stdout: out = '', stderr: err = /^/ } = decision;
    expect(ours.status, `${name}: ${decision.why}`).toBe(status);
    expect(ours.stderr, `${name}: ${decision.why}`).toMatch(err);
    if (typeof out === 'string') expect(ours.stdout, name).toBe(out);
    else expect(ours.stdout, name).toMatch(out);
    return;
  }
  const created = (stderr.match(CREATED) ?? []).join('');
  expect(masked(ours.stdout), `stdout of ${name}`).toBe(masked(withoutEvents(stdout) + created));
  const message = expectedError(stderr);
  if (message === undefined) expect(ours.stderr, `stderr of ${name}`).toMatch(/^\S.*\n$/);
  else expect(firstLine(ours.stderr), `stderr of ${name}`).toBe(firstLine(message));
  expect(expectedStatus(exit, stderr), `status of ${name}`).toContain(ours.status);
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** Each command in a session of its own. The sessions stay open, as Apache's one-shot ones linger. */
async function replayOneShots(file: string, address: () => string): Promise<void> {
  const open: RunningShell[] = [];
  const run = async (words: readonly string[]) => {
    const running = new RunningShell(address(), { mode: 'oneShot' });
    open.push(running);
    return await running.words(words);
  };
  try {
    for (const one of golden<OneShot>(file)) {
      const words = one.args.slice(2).map((word) => word.replace('127.0.0.1:2181', address()));
      const name = words.join(' ');
      if (NOT_RUN.has(name)) continue;
      if (name === EXPIRED_BEFORE) {
        await Promise.all(open.splice(0).map(({ shell }) => shell.close()));
      }
      compareOneShot(one, await run(words));
      const repair = DECISIONS[name]?.then;
      if (repair !== undefined) await run(repair);
    }
  } finally {
    await Promise.all(open.map(({ shell }) => shell.close()));
  }
}

/** Lines whose output differs by decision, with what to type to get where Apache's shell was. */
const LINE_DECISIONS: Readonly<Record<string, Decision>> = {
  'set /q "esc \\" aped"': { why: '\\" is an escape', status: 0, then: ['set', '/q', 'esc \\'] },
  'set /q "unterminated': {
    ...checked(/^Unterminated quote: "unterminated\n$/),
    then: ['set', '/q', 'unterminated'],
  },
  'set /q "a" "b"': { ...checked(/^Not a number for the version: b\n$/), then: ['set', '/q', 'a'] },
  'create /neg -5': {
    why: '-5 is data',
    stdout: 'Created /neg\n',
    status: 0,
    then: ['delete', '/neg'],
  },
  'get /w false': {
    why: 'false sets no watch',
    stdout: '4\n',
    status: 0,
    then: ['get', '-w', '/w'],
  },
  '# comment': { why: 'a comment', stderr: /^$/, status: 0 },
  help: helpful,
  ls: checked(/^Missing path;/),
  'addauth nosuch x': { why: 'told at once', status: 4, stderr: /AuthFailed/ },
};
/** Known to be dead, which Apache's shell says on stdout and calls a success. */
const DEAD = /^Not connected\n$/;

/** One session line by line, its events included. */
async function replayLines(address: () => string): Promise<void> {
  const running = new RunningShell(address(), { quiet: false });
  try {
    for (const { line, stdout, stderr } of golden<Line>('lines')) {
      if (line === null) continue;
      const ours = await running.line(line.replace('127.0.0.1:2181', address()));
      const decision = LINE_DECISIONS[line];
      const theirs = eventsAsNotes(withoutEvents(stdout));
      if (DEAD.test(theirs)) {
        const usage = line === 'ls';
        if (!usage) expect(ours.stderr, line).toMatch(/^Not connected/);
        expect(ours.stdout, line).toBe('');
        continue;
      }
      if (decision !== undefined) {
        const out = decision.stdout ?? '';
        if (typeof out === 'string') expect(ours.stdout, line).toBe(out);
        else expect(ours.stdout, line).toMatch(out);
        expect(ours.stderr, line).toMatch(decision.stderr ?? /^$/);
        if (line !== '# comment') expect(ours.status, line).toBe(decision.status);
        if (decision.then !== undefined) await running.words(decision.then);
        running.out.take();
        continue;
      }
      const created = (stderr.match(CREATED) ?? []).join('');
      expect(masked(ours.stdout), `stdout of ${line}`).toBe(masked(theirs + created));
      const message = expectedError(stderr);
      if (message !== undefined) {
        const own = ours.stderr.replaceAll(/^(WATCHER::|WatchedEvent .*|Deleted .*)\n/gm, '');
        expect(firstLine(own), `stderr of ${line}`).toBe(firstLine(message));
      }
    }
  } finally {
    await running.shell.close();
  }
}

/** Whole scripts, stdout only: what came to stderr was compared line by line above. */
async function replayScripts(address: () => string): Promise<void> {
  const lingering: RunningShell[] = [];
  try {
    for (const script of golden<Script>('scripts').filter(({ jline }) => !jline)) {
      const crashed = script.stderr.includes('Exception in thread');
      // Ours says that 2 is no watch flag, where Apache's shell takes any word for one.
      if (crashed || script.lines.includes('get /p 2')) continue;
      const running = new RunningShell(address());
      lingering.push(running);
      let stdout = '';
      for (const line of script.lines) {
        if (running.shell.isFinished) break;
        stdout += (await running.line(line)).stdout;
      }
      const theirs = masked(eventsAsNotes(withoutEvents(script.stdout)));
      const own = masked(stdout).replaceAll(CREATED, '');
      expect(own, script.lines.join('; ')).toBe(theirs);
    }
  } finally {
    await Promise.all(lingering.map(({ shell }) => shell.close()));
  }
}

async function against(
  start: StartServer,
  replay: (address: () => string) => Promise<void>,
  config: Record<string, boolean> = {},
): Promise<void> {
  const server = await start({
    config: { tickTime: 2000, extendedTypesEnabled: false, ...config },
  });
  try {
    await replay(() => server.address);
  } finally {
    await server.stop();
  }
}

type StartServer = (options: ServerOptions) => Promise<TestServer>;

/** The same tests for a server of either kind, each with a fresh one of Apache's own defaults. */
export function transcriptTests(start: StartServer): void {
  test('every one-shot command prints what zkCli prints, up to the decided differences', () =>
    against(start, (address) => replayOneShots('oneShot', address)));
  test('TTL nodes and hard quotas answer as with zkCli', () =>
    against(start, (address) => replayOneShots('typesAndQuotas', address), {
      extendedTypesEnabled: true,
      enforceQuota: true,
    }));
  test('a session typed line by line prints the same lines and events', () =>
    against(start, replayLines));
  test('scripts print the same on stdout', () => against(start, replayScripts));
}
