// Who a client is and what lists of access it gives to znodes, and what they must permit.
import type { Acl } from '../../src/wire/data.ts';
import { Perm } from '../../src/wire/opcodes.ts';

/** Everybody may do all; its creator alone; its creator all, and everybody may read. */
export type AclKind = 'open' | 'own' | 'readable';

const anyone = (perms: number): Acl => ({ perms, id: { scheme: 'world', id: 'anyone' } });
const creator: Acl = { perms: Perm.all, id: { scheme: 'auth', id: '' } };

export function aclOf(kind: AclKind): Acl[] {
  if (kind === 'open') return [anyone(Perm.all)];
  return kind === 'own' ? [creator] : [anyone(Perm.read), creator];
}

/** The name with which a client says who it is; one in three says nothing. */
export const userOf = (client: number): string | null => (client % 3 === 0 ? null : `u${client}`);

/** Whether `user` has one of the permissions; an empty list is open. */
export function permits(acl: readonly Acl[], perm: number, user: string | null): boolean {
  if (acl.length === 0) return true;
  return acl.some(({ perms, id: { scheme, id } }) => {
    if ((perms & perm) === 0) return false;
    return scheme === 'world' || (user !== null && (id ?? '').startsWith(`${user}:`));
  });
}

/** Without the hashes, which are shown to few. */
export const textOf = (acl: readonly Acl[]): string =>
  acl.map(({ perms, id }) => `${perms} ${id.scheme} ${id.id?.replace(/:.*/, '')}`).join(', ');
