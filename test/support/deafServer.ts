// A flaw of Apache's server that its tests here must live with: it can lose the thread that hears votes.

/** Elections that begin, the server's own votes as it hears them, and its vain waits for any. */
const LINES = /New election\. My id|Notification: my state|Notification time out/g;

/** Waits of 200, 400 and 800 ms: its own vote reaches it without a network, at once. */
const MOST_WAITS = 3;

const DEATH =
  /Exception occurred from thread Worker(?:Receiver|Sender).*\n(?:.*Exception.*\n)?(?:\tat .*\n)*/;

/**
 * Why a server of Apache's hears nobody any more; null if it hears at least itself. When a leader's time ends
 * while votes arrive, `WorkerReceiver` can find `self.leader` first there and then null
 * (FastLeaderElection of 3.8.0, and of master still): its thread dies with a NullPointerException,
 * and only a restart helps.
 */
export function causeOfDeafness(log: string): string | null {
  const told = log.slice(log.lastIndexOf('New election. My id')).match(LINES) ?? [];
  const waits = told.filter((line) => line === 'Notification time out').length;
  if (!told[0]?.startsWith('New') || told.some((line) => line.endsWith('state'))) return null;
  return waits < MOST_WAITS ? null : (DEATH.exec(log)?.[0] ?? 'no exception in its log');
}
