// The client library: `import { connect } from 'zookeeper-ts'`.

import type { Connect, CreateClient } from './api.ts';
import { Client } from './zookeeper.ts';

export { validatePath as pathFault } from '../base/path.ts';
export { CREATOR_ALL_ACL, OPEN_ACL_UNSAFE, Perm, READ_ACL_UNSAFE } from './acl.ts';
export type * from './api.ts';
export { type ErrorName, errnoOf, isErrorName, PathError, ZkError } from './errors.ts';

/**
 * A client that has begun to look for a server and says by `state` events how that goes.
 * Throws TypeError when the connect string names no server or an impossible chroot.
 */
export const createClient: CreateClient = (hosts, options = {}) => new Client(hosts, options);

/**
 * Connects to one of the servers of `host:port,host:port/chroot`.
 * Rejects with ConnectionLoss after `connectTimeout`, with SessionExpired when the session to resume is gone,
 * with AuthFailed when the credentials are refused, with the signal's reason when that aborts.
 */
export const connect: Connect = async (hosts, options = {}) => {
  const client = createClient(hosts, options);
  try {
    await client.whenConnected({ signal: options.signal, timeout: options.connectTimeout });
    return client;
  } catch (error) {
    // Not waited for: a server that hangs must not hold up the one who asked for a limit.
    void client.close();
    throw error;
  }
};
