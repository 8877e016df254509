// `zk server ...` for commander: verbs, options, exit codes.
import { Argument, Command, Option } from 'commander';
import { nearest } from '../base/suggest.ts';
import { initCommand } from './init/command.ts';
import type { VerbOptions } from './verbs.ts';

type Verb = (options: VerbOptions) => Promise<number> | number;

/** Kept apart from commander's own list so that the message of a wrong verb is one line. */
const verbs: Readonly<Record<string, { help: string; run: Verb }>> = {
  start: {
    help: 'start in the background; returns when it listens or has failed',
    run: async (options) => (await import('./verbs.ts')).start(options),
  },
  'start-foreground': {
    help: 'serve in this terminal until Ctrl-C',
    run: async (options) => {
      const { startForeground } = await import('./verbs.ts');
      const { startServer } = await import('./server.ts');
      return startForeground(options, startServer);
    },
  },
  stop: {
    help: 'end the server in the background and wait for it',
    run: async (options) => (await import('./verbs.ts')).stop(options),
  },
  restart: {
    help: 'stop, then start',
    run: async (options) => (await import('./verbs.ts')).restart(options),
  },
  status: {
    help: 'the mode of the running server',
    run: async (options) => (await import('./verbs.ts')).status(options),
  },
  check: {
    help: 'verify the data directory (of cfg, or a directory); --accept-loss repairs',
    run: async (options) => (await import('./checkVerb.ts')).check(options),
  },
  'print-cmd': {
    help: 'the command that start runs',
    run: async (options) => (await import('./verbs.ts')).printCommand(options),
  },
  version: {
    help: 'the version of this program',
    run: async () => (await import('./verbs.ts')).version(),
  },
};

/** A command of its own, as it has options of its own. */
const INIT = 'init';
const verbNames = [...Object.keys(verbs), INIT].join('|');

const help = `
Verbs:
${Object.entries(verbs)
  .map(([name, { help }]) => `  ${name.padEnd(18)}${help}`)
  .join('\n')}
  ${INIT.padEnd(18)}write the files of an ensemble; see zk server init --help

cfg is a file, or a name in $ZOOCFGDIR; without it ./conf/zoo.cfg or ./zoo.cfg
is taken. Relative directories in it start where the command is given.

Environment:
  ZOOCFGDIR         directory of configuration files
  ZOO_LOG_DIR       directory of the output of background servers
                    (logs beside dataDir)
  ZOOPIDFILE        the pid file (zookeeper_server.pid in dataDir)

Exit codes: 0 done, 1 failed or not running, 2 wrong use or wrong configuration;
start-foreground also: 3 the data directory cannot be used, 10 no snapshot can
be written, 14 a port for the other servers cannot be bound, 143 ended by a
second signal
`;

/** The subcommand `server`; it sets `process.exitCode`. */
export function serverCommand(): Command {
  return new Command('server')
    .description('start, stop and look at servers')
    .usage('[options] <verb> [cfg]')
    .addArgument(new Argument('<verb>', verbNames))
    .addArgument(new Argument('[cfg]', 'configuration file'))
    .option('--config <dir>', 'directory of the configuration file, instead of $ZOOCFGDIR')
    .addOption(
      new Option('--log-level <level>', 'what is logged').choices([
        'error',
        'warn',
        'info',
        'debug',
      ]),
    )
    .addOption(new Option('--log-format <format>', 'how').choices(['text', 'json']))
    .option('--log-file <file>', 'to a rotated file instead of stdout')
    .option('--accept-loss', 'with check: set aside what is damaged and go on without it')
    .option('--debug', 'show where an error comes from')
    .addHelpText('after', help)
    .helpCommand(false)
    .addCommand(initCommand(), { hidden: true })
    .action(run);
}

interface Given extends Omit<VerbOptions, 'cfg' | 'configDir'> {
  readonly config?: string;
}

async function run(verb: string, cfg: string | undefined, given: Given): Promise<void> {
  const row = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (row === undefined) {
    const guess = nearest(verb, verbNames.split('|'));
    const hint = guess === null ? '' : `did you mean ${guess}? `;
    process.stderr.write(`unknown verb ${verb}; ${hint}there are ${verbNames}\n`);
    process.exitCode = 2;
    return;
  }
  const { config: configDir, ...options } = given;
  try {
    process.exitCode = await row.run({ ...options, cfg, configDir });
  } catch (thrown) {
    const error = thrown as Error;
    process.stderr.write(`${(given.debug ? error.stack : null) ?? error.message}\n`);
    process.exitCode = 1;
  }
}
