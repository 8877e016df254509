// A shell in a pseudo-terminal, ours or Apache's: type a line, get what it printed; take events in
// their order.
import { join } from 'node:path';
import { classPath, jars, javaFlags } from './peers.ts';
import { keys, type PtyOptions, PtyScreen } from './pty.ts';

const repository = join(import.meta.dirname, '../..');
const prompt = /^\[zk: (.*)\((\w+)\)(?: (\S+))? (\d+)\] ?/;

export interface ShellOptions extends PtyOptions {
  /** Session timeout in milliseconds. */
  readonly timeout?: number;
  readonly args?: readonly string[];
}

/** Lines that Apache's shell adds and ours does not. */
const apacheNoise = [
  /^$/,
  /has been deprecated\. Please use/,
  /^WATCHER::$/,
  /^WatchedEvent state:\w+ type:\w+ path:/,
];

export class ShellScreen extends PtyScreen {
  readonly kind: 'ours' | 'apache';
  #taken = 0;

  constructor(kind: 'ours' | 'apache', address: string, options: ShellOptions) {
    const { timeout, args: more = [] } = options;
    const args = ['-server', address];
    if (timeout !== undefined) args.push('-timeout', String(timeout));
    const [command, ...start] =
      kind === 'ours'
        ? [process.execPath, join(repository, 'bin/zk'), 'cli']
        : ['java', ...javaFlags, '-cp', shellClassPath(), 'org.apache.zookeeper.ZooKeeperMain'];
    // Wide enough for a line each: Apache's line editor breaks longer ones itself.
    super(command ?? '', [...start, ...args, ...more], { columns: 180, ...options });
    this.kind = kind;
  }

  /** The last prompt on the screen when nothing is typed behind it. */
  #waitingPrompt(): { state: string; number: number; index: number } | null {
    const lines = this.lines();
    const found = prompt.exec(`${lines.at(-1)} `);
    if (found === null || found[0].trimEnd() !== lines.at(-1)) return null;
    return { state: found[2] ?? '', number: Number(found[4]), index: lines.length - 1 };
  }

  async waitConnected(): Promise<void> {
    if (this.kind === 'apache') {
      await this.waitFor('state:SyncConnected type:None path:null');
      this.type(keys.enter);
    }
    await this.waitFor(() => this.#waitingPrompt()?.state === 'CONNECTED');
  }

  /** Types a line, waits for the next prompt and gives the lines in between. */
  async run(line: string): Promise<string[]> {
    await this.waitFor(() => this.#waitingPrompt() !== null);
    const before = this.#waitingPrompt();
    if (before === null) throw new Error(`no prompt to type ${line} at; screen:\n${this.text()}`);
    this.line(line);
    await this.waitFor(() => (this.#waitingPrompt()?.number ?? -1) > before.number);
    const lines = this.lines();
    const from = lines.findLastIndex((text) => text.endsWith(`${before.number}] ${line}`));
    const output = lines.slice(from + 1, this.#waitingPrompt()?.index);
    // A hint is an addition of ours, for terminals only.
    if (this.kind === 'ours') return output.filter((text) => !text.startsWith('hint: '));
    return output.filter((text) => !apacheNoise.some((noise) => noise.test(text)));
  }

  /** All znode events printed so far, as `Type path`. */
  events(): string[] {
    const events: string[] = [];
    const lines = this.lines();
    for (const [i, line] of lines.entries()) {
      const found = /^WatchedEvent state:SyncConnected type:(\w+) path:(.*)$/.exec(line);
      if (found === null || found[1] === 'None') continue;
      // Ours prints exactly the two lines of the notes, Apache's puts empty ones around.
      if (this.kind === 'ours' && lines[i - 1] !== 'WATCHER::')
        throw new Error(`no WATCHER:: directly above ${line}; screen:\n${this.text()}`);
      events.push(`${found[1]} ${found[2]}`);
    }
    return events;
  }

  /** Waits for the next event that was not taken yet. */
  async nextEvent(patience?: number): Promise<string> {
    await this.waitFor(() => this.events().length > this.#taken, patience);
    const event = this.events()[this.#taken++];
    // Apache's shell leaves the prompt above the event: an empty line brings it back.
    if (this.kind === 'apache') {
      this.type(keys.enter);
      await this.waitFor(() => this.#waitingPrompt() !== null);
    } else await this.waitFor(() => this.#waitingPrompt() !== null);
    return event ?? '';
  }
}

/**
 * The shell wants JLine 2, and that wants Jansi 1: both before the JLine 1 and the Jansi 2 that the
 * manifests of Debian's jars name.
 */
const shellClassPath = () => `${jars}/jansi1.jar:${jars}/jline2.jar:${classPath()}`;

/** Our shell or Apache's, connected. Its history goes nowhere unless the options say so. */
export async function openShell(
  kind: 'ours' | 'apache',
  address: string,
  options: ShellOptions = {},
): Promise<ShellScreen> {
  const env = { ZK_HISTFILE: '', ...options.env };
  const screen = new ShellScreen(kind, address, { ...options, env });
  await screen.waitConnected();
  return screen;
}
