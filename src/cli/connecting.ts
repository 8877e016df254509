// Waits until a session is connected, for scripts and single commands: nobody there watches the prompt.
import type { ZooKeeper } from '../client/api.ts';
import { CliError, Status } from './cliError.ts';
import type { SessionSlot } from './sessionSlot.ts';

/** For a server in read-only mode to take a session that does with reading, at most. */
const READ_ONLY_PATIENCE_MS = 1000;

/** Returns when connected; else throws what ended the session, or why no connection came in time. */
export async function untilConnected(
  slot: SessionSlot,
  timeoutMs: number,
  signal: AbortSignal,
  isReadOnlyThere: () => Promise<boolean>,
): Promise<void> {
  const zk = slot.live();
  try {
    await zk.whenConnected({ timeout: timeoutMs, signal });
    // whenConnected speaks of the first connection; later ones are seen in the state.
    if (!zk.isConnected) await reconnected(zk, timeoutMs, signal);
  } catch {
    signal.throwIfAborted();
    slot.live();
    // Without a reason the first try still goes on: a server that was stopped takes connections.
    const reason = slot.lastReason === '' ? 'no answer' : slot.lastReason;
    const isForReading = slot.wasSentAway && (await isReadOnlyThere());
    signal.throwIfAborted();
    const hint = isForReading ? '; a server there is in read-only mode, which -r accepts' : '';
    throw new CliError(
      `Cannot connect to ${slot.server} within ${timeoutMs} ms: ${reason}${hint}`,
      'ConnectionLoss',
      Status.noConnection,
    );
  }
}

/** Whether `zk`, which accepts a server in read-only mode, finds one in time. */
export async function findsReadOnly(
  zk: ZooKeeper,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await zk.whenConnected({ timeout: Math.min(READ_ONLY_PATIENCE_MS, timeoutMs), signal });
  } catch {
    // Not found in time: the reason of the refusal has been told already.
    zk.abandon();
    return false;
  }
  // By now it may be one that writes, and has a session to end; else there is nothing to close.
  const isReadOnly = zk.state === 'connectedReadOnly';
  if (isReadOnly) zk.abandon();
  else await zk.close();
  return isReadOnly;
}

async function reconnected(
  zk: ZooKeeper,
  timeoutMs: number,
  interrupt: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(timeoutMs)]);
  await new Promise<void>((resolve, reject) => {
    const settle = (then: () => void) => {
      zk.off('state', look);
      signal.removeEventListener('abort', aborted);
      then();
    };
    const look = () => {
      if (zk.state !== 'connecting') settle(resolve);
    };
    const aborted = () => settle(() => reject(signal.reason));
    zk.on('state', look);
    signal.addEventListener('abort', aborted);
  });
  if (!zk.isConnected) throw new Error('the session ended');
}
