// Waits for the first connection, and remembers why there was none.

import { ErrorCode } from '../wire/errors.ts';
import type { CallOptions, StateEvent, ZooKeeper } from './api.ts';
import { waitFor } from './calls.ts';
import { ZkError } from './errors.ts';
import type { World } from './world.ts';

/** See `ZooKeeper.whenConnected`. */
export function untilConnected(
  client: ZooKeeper,
  world: World,
  options: CallOptions,
): Promise<void> {
  let lastReason = '';
  const failure = (errno: number) => {
    const cause = lastReason === '' ? undefined : new Error(lastReason);
    return new ZkError(errno, 'connect', null, { cause });
  };
  const timedOut = () => failure(ErrorCode.connectionLoss);
  return waitFor<void>(world, options, timedOut, (resolve, reject) => {
    const stop = () => void client.off('state', heard);
    const look = () => {
      if (client.isConnected) resolve();
      else if (client.state === 'authFailed') reject(failure(ErrorCode.authFailed));
      else if (client.state !== 'connecting') reject(failure(ErrorCode.sessionExpired));
      else return;
      stop();
    };
    const heard = ({ reason }: StateEvent) => {
      if (reason !== '') lastReason = reason;
      look();
    };
    client.on('state', heard);
    look();
    return stop;
  });
}
