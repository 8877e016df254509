// The access lists that programs use most.

import { Perm } from '../wire/opcodes.ts';
import type { Acl } from './api.ts';

export { Perm };

/** Everyone may do everything; the default of create. */
export const OPEN_ACL_UNSAFE: readonly Acl[] = [
  { perms: Perm.all, id: { scheme: 'world', id: 'anyone' } },
];
/** Everyone may read. */
export const READ_ACL_UNSAFE: readonly Acl[] = [
  { perms: Perm.read, id: { scheme: 'world', id: 'anyone' } },
];
/** Whoever the session has authenticated as may do everything. */
export const CREATOR_ALL_ACL: readonly Acl[] = [
  { perms: Perm.all, id: { scheme: 'auth', id: '' } },
];
