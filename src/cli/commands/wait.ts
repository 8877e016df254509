// `await` and `sleep`: how a script waits for an event or for time to pass.
import { setTimeout as passed } from 'node:timers/promises';
import { nearest } from '../../base/suggest.ts';
import type { WatchedEvent } from '../../client/api.ts';
import { CliError, Status, usageError } from '../cliError.ts';
import type { Command } from '../command.ts';
import { eventJson, eventText } from '../eventText.ts';
import { operand, parseDuration } from '../values.ts';

export const EVENT_TYPES = [
  'NodeCreated',
  'NodeDeleted',
  'NodeDataChanged',
  'NodeChildrenChanged',
  'DataWatchRemoved',
  'ChildWatchRemoved',
  'PersistentWatchRemoved',
] as const;
/** Names of session events, which await takes only when one of them is named. */
export const EVENT_STATES = [
  'SyncConnected',
  'Disconnected',
  'Expired',
  'AuthFailed',
  'ConnectedReadOnly',
  'Closed',
] as const;

const DEFAULT_TIMEOUT = '10s';

export const await_: Command = {
  name: 'await',
  group: 'watch',
  usage: 'await [path] [EventType] [--timeout 10s]',
  summary: 'wait for an event; take one that came already',
  zh: '等待事件（已到达的事件也算）',
  options: [
    {
      flags: ['-t', '--timeout'],
      value: { name: '10s', kind: 'duration' },
      summary: `how long, ${DEFAULT_TIMEOUT} by default; then exit status 124`,
      zh: `最长等待时间，默认 ${DEFAULT_TIMEOUT}，超时退出码 124`,
    },
  ],
  operands: [
    { name: 'path', kind: 'path', optional: true },
    { name: 'EventType', kind: 'eventType', optional: true },
  ],
  examples: [
    'await /master NodeDeleted',
    'await NodeChildrenChanged --timeout 2m',
    'await Expired',
  ],
  detail:
    'Each event is awaited once: what one await took, the next does not see.\n' +
    `Types: ${EVENT_TYPES.join(' ')}\nof the session: ${EVENT_STATES.join(' ')}`,
  detailZh: `每个事件只会被取走一次。\n类型：${EVENT_TYPES.join(' ')}\n会话事件：${EVENT_STATES.join(' ')}`,
  offline: true,
  async run({ shell, session, signal, emit, json }, args) {
    const path = args.operands.find((word) => word.startsWith('/'));
    const names = args.operands.filter((word) => !word.startsWith('/'));
    const name = eventName(names[0]);
    const limit = args.value('-t') ?? DEFAULT_TIMEOUT;
    if (names[1] !== undefined || (args.operands.length === 2 && names.length === 0)) {
      throw usageError(`Unexpected word: ${args.operands[1]}; usage: ${this.usage}`);
    }
    const matches = (event: WatchedEvent): boolean =>
      (path === undefined || event.path === path) &&
      (name === undefined ? event.type !== 'None' : isNamed(event, name));
    const event = await session.nextEvent(matches, parseDuration(limit), signal);
    if (event === undefined) {
      const what = [name ?? 'an event', path].filter((word) => word !== undefined).join(' ');
      throw new CliError(
        `Timed out after ${limit} waiting for ${what}`,
        'Timeout',
        Status.awaitTimeout,
        undefined,
        path,
      );
    }
    // With printwatches on it was shown when it came.
    const shown = shell.printWatches ? '' : eventText(event, undefined);
    if (json || shown !== '') emit(eventJson(event, session.name), shown);
  },
};

const isNamed = (event: WatchedEvent, name: string): boolean =>
  event.type === 'None' ? event.state === name : event.type === name;

function eventName(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  const all = [...EVENT_TYPES, ...EVENT_STATES];
  const found = all.find((name) => name.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(word, all);
  throw usageError(
    `Neither a path nor an event type: ${word}${near === null ? '' : ` (did you mean ${near}?)`}`,
  );
}

export const sleep: Command = {
  name: 'sleep',
  group: 'shell',
  usage: 'sleep duration',
  summary: 'let time pass: 500ms, 2s, 1m; a bare number is seconds',
  zh: '等待一段时间，如 500ms、2s、1m',
  options: [],
  operands: [{ name: 'duration', kind: 'duration' }],
  examples: ['sleep 500ms', 'sleep 2'],
  offline: true,
  async run({ signal }, args) {
    const ms = parseDuration(operand(args, 0));
    await passed(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  },
};
