// `zk lab ...` for commander, at a command line of the system and inside the shell alike.
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { nearest } from '../base/suggest.ts';
import { usageError } from '../cli/cliError.ts';
import type { LabWorld } from '../cli/command.ts';
import { calledAs } from '../package/calledAs.ts';
import * as act from './act.ts';
import { emit } from './emit.ts';
import { DEFAULT_DIR, type Lab, readLab, shown } from './labFile.ts';
import { logs } from './logs.ts';
import { askRelay, relayPid } from './relayControl.ts';
import { labToPurge } from './remains.ts';
import { show, showConnect } from './show.ts';
import { survey } from './survey.ts';
import { down, purge, up } from './up.ts';

const help = `
N is the number of a server, leader, or all. A lab runs on after the terminal
is closed, and every terminal in the same directory finds it.

  zk lab up 3                three servers, with cfg and myid files in ./${DEFAULT_DIR}
  zk lab up 3 --observers 1  and a fourth that only follows
  zk lab kill leader         SIGKILL; start 2 brings server 2 back
  zk lab partition 1 / 2 3   1 and the others cannot hear each other; heal
  zk lab partition leader    the leader against all others
  zk lab partition 1 to 2 3  what 1 says is lost, it hears the others
  zk lab logs 2 -f           the log of server 2, and what follows
  zk lab down --purge        ends all, and removes the data

Inside the shell: lab up 3, lab status, ...
`;

const MOST_SERVERS = 15;

const numberFrom = (low: number, high: number) => (text: string) => {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= low && number <= high) return number;
  throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
};

interface InDir {
  readonly dir: string;
}

class LabProgram {
  readonly command: Command;
  readonly #world: LabWorld;

  constructor(world: LabWorld) {
    this.#world = world;
    const { out, err } = world;
    this.command = new Command(world.isShell ? 'lab' : 'zk lab')
      .description('a real ensemble on this machine, to try and to break')
      .helpCommand(false)
      .addHelpText('after', help)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => out.write(text),
        writeErr: (text) => err.write(text),
        outputError: () => {},
      });
    this.#wholeLab();
    this.#servers();
    this.#network();
  }

  #verb(name: string, summary: string): Command {
    return this.command
      .command(name)
      .description(summary)
      .option('--dir <dir>', 'directory of the lab', DEFAULT_DIR)
      .option('--json', 'one JSON document a line');
  }

  #wholeLab(): void {
    this.#verb('up', 'start an ensemble; returns when all of it serves')
      .argument('[n]', 'servers that vote (3)', numberFrom(2, MOST_SERVERS))
      .option('--observers <n>', 'further servers that only follow', numberFrom(0, MOST_SERVERS))
      .option('--port <base>', 'first client port; all others follow', numberFrom(1, 65_000))
      .option('--tick-time <ms>', 'tickTime of the servers (1000)', numberFrom(50, 60_000))
      .action((n: number | undefined, options: UpGiven) => this.#up(n, options));
    this.#verb('status', 'every server: mode, epoch, zxid, clients, pid, address').action(
      ({ dir }: InDir) => this.#status(readLab(dir)),
    );
    this.#verb('down', 'end everything; the data stays')
      .option('--purge', 'remove the data, too')
      .action((options: InDir & { purge?: boolean }) => this.#down(options));
  }

  #servers(): void {
    const verbs = [
      ['kill', 'SIGKILL: gone at once', act.kill],
      ['stop', 'end in order', act.stop],
      ['start', 'start again', act.start],
      ['pause', 'SIGSTOP: the process stands still', act.pause],
      ['resume', 'SIGCONT: it goes on', act.resume],
    ] as const;
    for (const [name, summary, run] of verbs) {
      this.#verb(name, summary)
        .argument('<N...>', 'servers')
        .action((words: string[], { dir }: InDir) => run(readLab(dir), words, this.#world));
    }
    this.#verb('logs', 'the end of the log of a server')
      .argument('<N>', 'server')
      .option('-f, --follow', 'and what follows, until Ctrl-C')
      .option('-n, --lines <n>', 'how many lines', numberFrom(1, 1_000_000), 20)
      .action((word: string, options: InDir & { follow?: boolean; lines: number }) =>
        this.#logs(word, options),
      );
  }

  #network(): void {
    this.#verb('partition', 'cut the connections between groups of servers')
      .argument('<groups...>', '1 / 2 3, or 1 to 2 3')
      .action((words: string[], { dir }: InDir) => act.partition(readLab(dir), words, this.#world));
    this.#verb('heal', 'undo the partition').action(({ dir }: InDir) =>
      act.heal(readLab(dir), this.#world),
    );
    const relay = this.command.command('relay', { hidden: true }).option('--dir <dir>');
    relay.action(async ({ dir }: InDir) => {
      const { runRelay } = await import('./relayProcess.ts');
      await runRelay(readLab(dir), () => process.send?.('listening'));
    });
  }

  async #up(n: number | undefined, options: UpGiven): Promise<void> {
    const { dir, observers = null, port = null, tickTime = null } = options;
    const program = this.command.name();
    const wanted = { voters: n ?? null, observers, dir, base: port, tickTime, program };
    const [lab, servers] = await up(wanted, this.#world.signal);
    await show(servers, null, this.#world);
    if (!this.#world.json) showConnect(lab, this.#world, calledAs());
  }

  async #status(lab: Lab): Promise<void> {
    const servers = await survey(lab);
    const hasRelay = relayPid(lab) !== null;
    const { partition } = hasRelay ? await askRelay(lab, {}) : { partition: null };
    await show(servers, partition, this.#world);
    const isDown = servers.every(({ pid }) => pid === null);
    if (isDown || this.#world.json) return;
    if (!hasRelay) {
      const what = 'The relay between the servers is gone; down and up start everything anew';
      this.#world.err.line(what);
    }
    showConnect(lab, this.#world, calledAs());
  }

  async #down({ dir, purge: isPurge }: InDir & { purge?: boolean }): Promise<void> {
    const lab = isPurge ? labToPurge(dir) : readLab(dir);
    const count = await down(lab);
    if (isPurge) purge(lab.dir);
    const ended =
      count === 0 ? 'Nothing was running' : `Ended ${count} server${count > 1 ? 's' : ''}`;
    const text = `${ended}; ${shown(lab.dir)} ${isPurge ? 'is removed' : 'keeps the data'}`;
    emit(this.#world, { ended: count, purged: isPurge === true }, text);
  }

  async #logs(word: string, options: InDir & { follow?: boolean; lines: number }): Promise<void> {
    const lab = readLab(options.dir);
    const { lines, follow = false } = options;
    for (const id of await act.chosen(lab, [word]))
      await logs(lab, id, { lines, follow }, this.#world);
  }
}

interface UpGiven extends InDir {
  readonly observers?: number;
  readonly port?: number;
  readonly tickTime?: number;
}

/** Runs the words after `lab`; throws CliError with the line for the user. */
export async function runLab(words: readonly string[], world: LabWorld): Promise<void> {
  // Before the words are sorted: each verb has the option.
  const json = world.json || words.includes('--json');
  const { command } = new LabProgram({ ...world, json });
  const name = world.isShell ? 'lab' : 'zk lab';
  const verb = words[0];
  if (verb !== undefined && !verb.startsWith('-')) {
    const names = command.commands.map((row) => row.name()).filter((row) => row !== 'relay');
    if (verb !== 'relay' && !names.includes(verb)) {
      const guess = nearest(verb, names);
      const hint = guess === null ? '' : `did you mean ${guess}? `;
      throw usageError(`Unknown verb: ${name} ${verb}; ${hint}there are ${names.join(', ')}`);
    }
  }
  try {
    await command.parseAsync(words.length === 0 ? ['--help'] : words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const text = error.message.replace(/^error: (command-argument value )?|\.$/g, '');
    throw usageError(`${text}; see ${world.isShell ? 'help lab' : 'zk lab --help'}`);
  }
}
