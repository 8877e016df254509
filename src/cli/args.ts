// Arguments of `zk cli`: options in zkCli's spelling or ours, then the words of a one-shot command, untouched.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../base/suggest.ts';
import type { AuthInfo } from '../client/api.ts';
import { usageError } from './cliError.ts';
import { type Language, languageOf } from './language.ts';
import { parseDuration, parseInteger } from './values.ts';
import { PROTOCOL_LEVEL, packageVersion } from './version.ts';

export interface CliArguments {
  readonly server: string;
  /** The server was named, by option or environment. */
  readonly isServerGiven: boolean;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly waitForConnection: boolean;
  readonly readOnly: boolean;
  readonly withServer: boolean;
  readonly file: string | undefined;
  /** Stop at the first line that fails. */
  readonly exitOnError: boolean;
  /** Run on, but leave with the status of the first line that failed. */
  readonly strict: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly autoReconnect: boolean;
  readonly auth: readonly AuthInfo[];
  readonly language: Language;
  /** The one-shot command; empty for a terminal or a script. */
  readonly command: readonly string[];
}

/** zkCli's spelling -> ours: commander would read `-server` as `-s erver`. */
const OLD_SPELLINGS: Readonly<Record<string, string>> = {
  '-server': '--server',
  '-timeout': '--timeout',
  '-waitforconnection': '--wait-for-connection',
  '--waitforconnection': '--wait-for-connection',
  '-client-configuration': '--client-configuration',
  '-r': '--read-only',
};

const OLD_WORDS = Object.keys(OLD_SPELLINGS).filter((word) => word.length > 2);

type Environment = Readonly<Record<string, string | undefined>>;

/** `digest:user:password` -> scheme and credentials. */
function authOf(text: string): AuthInfo {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('Not scheme:auth, as in digest:user:password.');
  return { scheme: text.slice(0, colon), auth: text.slice(colon + 1) };
}

const collectAuth = (text: string, before: readonly AuthInfo[] = []): AuthInfo[] => [
  ...before,
  authOf(text),
];

function milliseconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Not a number of milliseconds.');
  return parseInteger(text, 'a timeout', 1);
}

/** `10000` is milliseconds, as -timeout has it; `10s` is ten seconds. */
function durationOrMs(text: string): number {
  if (/^\d+$/.test(text)) return milliseconds(text);
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('Not a duration, as in 10000 or 10s.');
  }
}

const HELP = `
Examples:
  zk cli                                        a shell on localhost:2181
  zk cli -server ip104:2181,ip105:2181/app      a list of servers, and a root for all paths
  zk cli ls /                                   one command; its result is all that is printed
  zk cli -f walkthrough.zk -e                   a file of commands, up to the first that fails
  zk cli help                                   the commands

Environment: ZK_SERVER, ZK_TIMEOUT, ZK_AUTH (scheme:auth), ZK_HISTFILE, NO_COLOR, TZ; options win.

Exit status: 0 done, 1 refused by the server, 2 wrong use, 3 no connection, 4 not allowed,
5 session expired, 124 await timed out, 127 unknown command, 130 interrupted
`;

/** The options; also what `zk cli --help` prints. */
function optionTable(): Command {
  return new Command('zk cli')
    .description('a shell for ZooKeeper servers, old and new, ours and others')
    .usage('[options] [command [args...]]')
    .option('-s, --server <host:port,...>', 'servers, and a chroot after the last (also -server)')
    .option('--timeout <ms>', 'session timeout to ask for (also -timeout; 30000)', milliseconds)
    .option(
      '--connect-timeout <ms>',
      'how long scripts and single commands wait for the connection (10000)',
      durationOrMs,
    )
    .option('--wait-for-connection', 'at a terminal too (also -waitforconnection)')
    .option('-r, --read-only', 'a server that is cut off from its ensemble will do')
    .option('--with-server', 'start the server of conf/zoo.cfg if it is not running')
    .option('-f, --file <file>', 'run the commands of a file; - is standard input')
    .option('-e, --exit-on-error', 'stop at the first command that fails')
    .option('--strict', 'run on, but leave with the status of the first that failed')
    .option('--json', 'one JSON document per command')
    .option('-q, --quiet', 'only results and errors')
    .addOption(new Option('--lang <language>', 'of help: en or zh').choices(['en', 'zh']))
    .option('--auto-reconnect', 'open a new session when this one expires')
    .option('--auth <scheme:auth>', 'say who we are, as addauth does', collectAuth)
    .option('--client-configuration <file>', "Apache's TLS properties: not supported yet")
    .option('--debug', 'show where an unexpected error comes from')
    .version(
      `zookeeper-ts CLI version: ${packageVersion()}, protocol level ${PROTOCOL_LEVEL}`,
      '-V, --version',
      'print the version',
    )
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', HELP)
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .exitOverride();
}

/** Old spellings out, and everything from the first word that is no option into `command`. */
function split(table: Command, argv: readonly string[]): { options: string[]; command: string[] } {
  const options: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') return { options, command: argv.slice(at + 1) };
    if (!word.startsWith('-') || word === '-') return { options, command: argv.slice(at) };
    const flag = OLD_SPELLINGS[word] ?? word;
    const meant = flag === word && /^-[a-z]{4,}$/i.test(word) ? nearest(word, OLD_WORDS) : null;
    if (meant !== null) throw usageError(`unknown option '${word}' (did you mean ${meant}?)`);
    options.push(flag);
    const option = table.options.find((row) => row.short === flag || row.long === flag);
    const value = argv[at + 1];
    if (option?.required === true && value !== undefined) {
      options.push(value);
      at++;
    }
  }
  return { options, command: [] };
}

interface RawOptions {
  readonly server?: string;
  readonly timeout?: number;
  readonly connectTimeout?: number;
  readonly waitForConnection?: true;
  readonly readOnly?: true;
  readonly withServer?: true;
  readonly file?: string;
  readonly exitOnError?: true;
  readonly strict?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly lang?: string;
  readonly autoReconnect?: true;
  readonly auth?: readonly AuthInfo[];
  readonly clientConfiguration?: string;
  readonly debug?: true;
}

/** Options and environment; 'help' when help or the version was asked for (and printed). Throws usage errors of one line. */
export function parseArguments(argv: readonly string[], env: Environment): CliArguments | 'help' {
  const table = optionTable();
  const { options, command } = split(table, argv);
  try {
    table.parse(options, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 'help';
    throw usageError(`${error.message.replace(/^error: /, '')}; see zk cli --help`);
  }
  const raw = table.opts<RawOptions>();
  if (raw.clientConfiguration !== undefined) {
    throw usageError('--client-configuration is not supported yet: there is no TLS client');
  }
  // A variable that is set to nothing says nothing, as with the others.
  const given = raw.server ?? (env['ZK_SERVER'] || undefined);
  return {
    server: given ?? 'localhost:2181',
    isServerGiven: given !== undefined,
    timeoutMs: raw.timeout ?? timeoutFrom(env),
    connectTimeoutMs: raw.connectTimeout ?? 10_000,
    waitForConnection: raw.waitForConnection === true,
    readOnly: raw.readOnly === true,
    withServer: raw.withServer === true,
    file: raw.file,
    exitOnError: raw.exitOnError === true,
    strict: raw.strict === true,
    json: raw.json === true,
    quiet: raw.quiet === true,
    debug: raw.debug === true,
    autoReconnect: raw.autoReconnect === true,
    auth: raw.auth ?? authFrom(env),
    language: languageOf(raw.lang, env),
    command,
  };
}

function timeoutFrom(env: Environment): number {
  const text = env['ZK_TIMEOUT'];
  return text === undefined || text === '' ? 30_000 : parseInteger(text, 'ZK_TIMEOUT', 1);
}

function authFrom(env: Environment): AuthInfo[] {
  const text = env['ZK_AUTH'];
  if (text === undefined || text === '') return [];
  try {
    return [authOf(text)];
  } catch {
    throw usageError('ZK_AUTH is not scheme:auth, as in digest:user:password');
  }
}
