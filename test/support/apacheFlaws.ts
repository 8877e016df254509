// Flaws of Apache's server that tests with it must live with: threads of it that end and are missed.

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

const LOG_THREAD_ENDED =
  /from thread : SyncThread:\d+\n.*NullPointerException.*\n\tat .*SendAckRequestProcessor\./;

/**
 * Whether its log on disk may have a hole. When a follower loses its leader while it acknowledges, its
 * SyncThread can find the socket gone (a NullPointerException in SendAckRequestProcessor of 3.8.0)
 * and ends; what was still queued for the log is then in memory only, and the next leader sends what
 * comes after that (ZOOKEEPER-4712). Seen in ensembles of Apache's alone; a restart would show the hole.
 */
export const mayLackTransactions = (log: string): boolean => LOG_THREAD_ENDED.test(log);
