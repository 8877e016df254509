// The questions of `zk server init`; nothing is written before the last one is answered.
import type { PromptObject } from 'prompts';
import { type InitChoices, MOST_SERVERS, splitHosts } from './choices.ts';
import { complaintOf, planInit } from './plan.ts';

type Ask = (question: Omit<PromptObject<'answer'>, 'name'>) => Promise<string>;

/** Ctrl-C, Ctrl-D or Escape. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

async function asker(): Promise<Ask> {
  // prompts colours by kleur, which does not know NO_COLOR.
  if (process.env['NO_COLOR']) process.env['NODE_DISABLE_COLORS'] = '1';
  const { default: prompts } = await import('prompts');
  return async (question) => {
    const { answer } = await prompts({ ...question, name: 'answer' });
    if (answer === undefined) throw new Cancelled('nothing was written');
    return String(answer).trim();
  };
}

const wholeNumber =
  (low: number, high: number) =>
  (text: string): true | string =>
    (/^\d+$/.test(text.trim()) && Number(text) >= low && Number(text) <= high) ||
    `a number from ${low} to ${high}`;

/** @throws Cancelled */
export async function askChoices(defaults: InitChoices): Promise<InitChoices> {
  const ask = await asker();
  const number = async (
    message: string,
    initial: number,
    validate: (text: string) => true | string,
  ) => Number(await ask({ type: 'text', message, initial: String(initial), validate }));
  const servers = await number(
    'Servers that vote (an odd number)',
    defaults.servers,
    wholeNumber(1, MOST_SERVERS),
  );
  const observers =
    servers < 2 ? 0 : await number('Observers besides', 0, wholeNumber(0, MOST_SERVERS - servers));
  const count = servers + observers;
  const chosen = { ...defaults, servers, observers };
  const answer = await ask({
    type: 'text',
    message: count === 1 ? 'Its host' : `Hosts: one for all, or ${count} with commas between`,
    initial: defaults.hosts.join(','),
    validate: (text: string) =>
      ![1, count].includes(splitHosts(text).length)
        ? `one host, or ${count} of them`
        : (complaintOf({ ...chosen, hosts: splitHosts(text) }) ?? true),
  });
  const hosts = splitHosts(answer);
  const clientPort = await number(
    'Port for clients (of the first server)',
    defaults.clientPort,
    // Whether it is taken already shows with the hosts: no answer is asked for in vain.
    (text) => {
      const inRange = wholeNumber(1, 65_535)(text);
      if (inRange !== true) return inRange;
      const plan = planInit({ ...chosen, hosts, clientPort: Number(text) });
      return typeof plan === 'string' ? plan : true;
    },
  );
  const dir = await ask({
    type: 'text',
    message: 'Directory of conf and data',
    initial: defaults.dir,
  });
  return { servers, observers, hosts, clientPort, dir: dir || '.' };
}

/** @throws Cancelled */
export async function confirm(message: string): Promise<boolean> {
  const ask = await asker();
  // Not of type `confirm`, which takes the first y of a word and leaves the rest to the next reader.
  return /^y(es)?$/i.test(await ask({ type: 'text', message: `${message} (y/N)` }));
}
