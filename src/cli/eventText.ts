// The two lines of a watched event, exactly as the users' notes of ZooKeeper 3.4 show them, and its JSON form.
import type { WatchedEvent } from '../client/api.ts';

/** `session` is given for every session but the first: its name stands in a line before the two. */
export function eventText(event: WatchedEvent, session: string | undefined): string {
  const lines = [
    'WATCHER::',
    `WatchedEvent state:${event.state} type:${event.type} path:${event.path}`,
  ];
  if (session !== undefined) lines.unshift(`@${session}`);
  return lines.join('\n');
}

export const eventJson = (event: WatchedEvent, session: string) => ({
  event: { session, state: event.state, type: event.type, path: event.path },
});
