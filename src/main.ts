// The program `zk`: chooses between `cli`, `server`, `lab` and `bench`, and loads only what it runs.
import { Command, CommanderError } from 'commander';

/** Whoever reads our output may stop reading, as `head` does: that is no error. A full disk is. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    if (stream === process.stdout) console.error(`Cannot write the output: ${error.code}`);
    process.exit(1);
  });
}

async function versionLine(): Promise<string> {
  const { manifest } = await import('./package/manifest.ts');
  const { name, version } = manifest();
  return `${name} ${version}`;
}

async function runShell(args: readonly string[]): Promise<void> {
  const { runCli } = await import('./cli/run.ts');
  const ensure = async () => (await import('./bundled.ts')).ensureServer();
  process.exitCode = await runCli(args, {
    ensure,
    lab: async (...given) => (await import('./lab/command.ts')).runLab(...given),
  });
}

async function runLab(words: readonly string[]): Promise<void> {
  process.exitCode = await (await import('./lab/program.ts')).runLabProgram(words);
}

/** The subcommand that is asked for with its own options; a line for `--help` otherwise. */
async function program(asked: string | undefined): Promise<Command> {
  const zk = new Command('zk')
    .description('ZooKeeper in TypeScript: a server and a shell')
    .version(await versionLine(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'print help')
    .enablePositionalOptions()
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  zk.command('cli')
    .description('a shell: zk cli -server host:port [command]')
    .argument('[args...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(runShell);
  if (asked === 'server') {
    const { serverCommand } = await import('./server/command.ts');
    zk.addCommand(quietly(serverCommand()));
  } else {
    zk.command('server').description(
      'start, stop and look at servers: zk server start conf/zoo.cfg',
    );
  }
  zk.command('lab').description('an ensemble on this machine, to try and to break: zk lab up 3');
  if (asked === 'bench') {
    const { benchCommand } = await import('./bench/command.ts');
    zk.addCommand(quietly(benchCommand()));
  } else {
    zk.command('bench').description('measure servers: zk bench read --server host:port');
  }
  return zk;
}

/** Errors of commander become one line and status 2, in the subcommand as well. */
function quietly(command: Command): Command {
  command.commands.forEach(quietly);
  return command.configureOutput({ outputError: () => {} }).exitOverride();
}

const isSubcommand = (word: string | undefined) => word === 'server' || word === 'bench';

async function main(given: readonly string[]): Promise<void> {
  // zkCli's spelling, which commander would read as `-s erver`.
  const argv = given[0] === 'bench' ? given.map((w) => (w === '-server' ? '--server' : w)) : given;
  // The shell's own words may look like anything: commander must not touch what follows `cli`.
  if (argv[0] === 'cli') return await runShell(argv.slice(1));
  if (argv[0] === 'lab') return await runLab(argv.slice(1));
  if (argv[0] === 'help' && argv[1] === 'cli') return await runShell(['--help']);
  if (argv[0] === 'help' && argv[1] === 'lab') return await runLab(['--help']);
  try {
    await (await program(argv[0] === 'help' ? argv[1] : argv[0])).parseAsync(argv, {
      from: 'user',
    });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    process.exitCode = 2;
    const text = error.message.replace(/^error: |\.$/g, '');
    if (error.code === 'commander.help') return;
    process.stderr.write(`${text}; see zk ${isSubcommand(argv[0]) ? `${argv[0]} ` : ''}--help\n`);
  }
}

await main(process.argv.slice(2));
