// `zk server init` for commander: the options, and which values they take.
import { Command, InvalidArgumentError } from 'commander';
import { MOST_SERVERS, splitHosts } from './choices.ts';
import type { InitOptions } from './run.ts';

const help = `
Without options it asks, at a terminal. It writes DIR/conf/zN.cfg and
DIR/data/zN/myid for every server N, and over nothing without --force.

Examples:
  zk server init
  zk server init --servers 3 --dir ./ensemble
  zk server init --servers 3 --observers 1 --host ip104,ip105,ip106,ip107
`;

const numberFrom = (low: number, high: number) => (text: string) => {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= low && number <= high) return number;
  throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
};

/** The subcommand `init`; it sets `process.exitCode`. */
export function initCommand(): Command {
  return new Command('init')
    .description('write the configuration and myid files of an ensemble')
    .option('--servers <n>', 'servers that vote (3)', numberFrom(1, MOST_SERVERS))
    .option('--observers <n>', 'further servers that only follow (0)', numberFrom(0, MOST_SERVERS))
    .option('--host <hosts>', 'one for all, or one for each: a,b,c (127.0.0.1)', splitHosts)
    .option('--client-port <port>', 'of the first server (2181)', numberFrom(1, 65_535))
    .option('--dir <dir>', 'directory that gets conf and data (.)')
    .option('--force', 'write over files that are there')
    .addHelpText('after', help)
    .action(async (given: InitOptions) => {
      const { init } = await import('./run.ts');
      process.exitCode = await init(given);
    });
}
