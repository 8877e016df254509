// What `zk server init` does: takes the options or asks, writes the files, says how to go on.
import { isIPv6 } from 'node:net';
import { calledAs } from '../../package/calledAs.ts';
import { shellWord } from '../shellWord.ts';
import { type Output, standardOutput } from '../verbs.ts';
import { DEFAULTS, type InitChoices } from './choices.ts';
import { type InitPlan, isThisMachine, planInit } from './plan.ts';
import { askChoices, Cancelled, confirm } from './wizard.ts';
import { inTheWay, writePlan } from './write.ts';

const OK = 0;
const FAILED = 1;
const WRONG = 2;
const INTERRUPTED = 130;

export interface InitOptions {
  readonly servers?: number;
  readonly observers?: number;
  readonly host?: readonly string[];
  readonly clientPort?: number;
  readonly dir?: string;
  readonly force?: boolean;
}

/** The exit code. */
export async function init(given: InitOptions, output: Output = standardOutput): Promise<number> {
  const hasFlags = Object.keys(given).some((name) => name !== 'force');
  if (hasFlags) return written(choicesOf(given), given.force ?? false, output);
  const { stdin, stdout, env } = process;
  if (!stdin.isTTY || !stdout.isTTY || env['TERM'] === 'dumb') {
    const instead = `${calledAs()} server init --servers 3 --dir .`;
    output.err(`There is no terminal to ask at; say what you want with options: ${instead}\n`);
    return WRONG;
  }
  try {
    return await asked(given.force ?? false, output);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    output.err('Nothing was written\n');
    return INTERRUPTED;
  }
}

function choicesOf({ host, ...given }: InitOptions): InitChoices {
  return { ...DEFAULTS, ...(host === undefined ? {} : { hosts: host }), ...given };
}

function written(choices: InitChoices, isForced: boolean, output: Output): number {
  const plan = planInit(choices);
  if (typeof plan === 'string') {
    output.err(`${plan}\n`);
    return WRONG;
  }
  const [first, ...others] = isForced ? [] : inTheWay(plan);
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    output.err(`${first} exists${more}; nothing was written. --force writes over it\n`);
    return FAILED;
  }
  return carriedOut(plan, output);
}

async function asked(isForced: boolean, output: Output): Promise<number> {
  const plan = planInit(await askChoices(DEFAULTS));
  if (typeof plan === 'string') {
    output.err(`${plan}\n`);
    return WRONG;
  }
  const existing = isForced ? [] : inTheWay(plan);
  if (existing.length > 0) {
    output.out(`These exist:\n${existing.map((path) => `  ${path}\n`).join('')}`);
    if (!(await confirm('Write over the files? Data stays'))) {
      output.err('Nothing was written\n');
      return FAILED;
    }
  }
  return carriedOut(plan, output);
}

function carriedOut(plan: InitPlan, output: Output): number {
  try {
    writePlan(plan);
  } catch (thrown) {
    output.err(`Nothing was written: ${(thrown as Error).message}\n`);
    return FAILED;
  }
  for (const warning of plan.warnings) output.err(`${warning}\n`);
  output.out(`${summary(plan).join('\n')}\n`);
  return OK;
}

/** What was written, and the commands to go on. */
function summary({ servers }: InitPlan): string[] {
  const width = Math.max(...servers.map(({ cfg }) => cfg.length));
  const isAlone = servers.length === 1;
  const rows = servers.map(({ cfg, host, isObserver, ...ports }) => {
    const peers = isAlone ? '' : `, peers ${ports.peerPort}, elections ${ports.electionPort}`;
    const role = isObserver ? ' (observer)' : '';
    return `  ${cfg.padEnd(width)}  ${host}: clients ${ports.clientPort}${peers}${role}`;
  });
  const hosts = new Set(servers.map(({ host }) => host));
  const program = calledAs();
  const connect = servers
    .map(({ host, clientPort }) => `${isIPv6(host) ? `[${host}]` : host}:${clientPort}`)
    .join(',');
  return [
    'Wrote, and the file myid in the dataDir of each:',
    ...rows,
    '',
    hosts.size > 1 && ![...hosts].every(isThisMachine)
      ? 'Copy the cfg and the dataDir to the host of each, and start it there:'
      : `Start ${isAlone ? 'it' : 'them'}:`,
    ...servers.map(({ cfg }) => `  ${program} server start ${shellWord(cfg)}`),
    'Connect:',
    `  ${program} cli -server ${connect}`,
  ];
}
