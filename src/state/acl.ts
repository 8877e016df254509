// Access control lists: what they permit, which are well formed, what of them is shown.
import type { Acl, Id } from '../wire/data.ts';
import { type AuthOptions, isAuthenticating, isKnownScheme, isValidId, matchesId } from './auth.ts';

/** Whether one of `ids` has one of the permissions in `perm` (bits of Perm) by `acl`. */
export function checkAcl(
  options: AuthOptions,
  acl: readonly Acl[],
  perm: number,
  ids: readonly Id[],
): boolean {
  for (let i = 0; i < acl.length; i++) {
    const { perms, id } = acl[i] as Acl;
    // Nearly every list begins so.
    if ((perms & perm) !== 0 && id.id === 'anyone' && id.scheme === 'world') return true;
  }
  if (options.skipAcl || acl.length === 0) return true;
  for (const id of ids) if (id.scheme === 'super') return true;
  for (const { perms, id } of acl) {
    if ((perms & perm) === 0 || id.scheme === null) continue;
    if (!isKnownScheme(id.scheme, options)) continue;
    for (const own of ids) {
      if (own.scheme === id.scheme && matchesId(id.scheme, own.id, id.id)) return true;
    }
  }
  return false;
}

/**
 * The list as it will be stored: duplicates gone, `auth` replaced by the ids that the client has
 * proved; null if it is empty or a part is not well formed (INVALIDACL).
 */
export function fixupAcl(
  options: AuthOptions,
  ids: readonly Id[],
  acl: readonly Acl[] | null,
): readonly Acl[] | null {
  if (acl === null || acl.length === 0) return null;
  // Nearly every list is this one: it stays the same object, which others then need not look into.
  const { id: first } = acl[0] as Acl;
  if (acl.length === 1 && first.id === 'anyone' && first.scheme === 'world') return acl;
  const fixed: Acl[] = [];
  for (let i = 0; i < acl.length; i++) {
    const entry = acl[i] as Acl;
    if (isRepeated(acl, i)) continue;
    const { scheme, id } = entry.id;
    if (scheme === null || id === null) return null;
    if (scheme === 'world' && id === 'anyone') fixed.push(entry);
    else if (scheme === 'auth') {
      const proved = ids.filter((own) => isAuthenticating(own.scheme ?? '', options));
      if (proved.length === 0) return null;
      for (const own of proved) fixed.push({ perms: entry.perms, id: own });
    } else if (isValidId(scheme, id, options)) fixed.push(entry);
    else return null;
  }
  return fixed;
}

function isRepeated(acl: readonly Acl[], at: number): boolean {
  const { perms, id } = acl[at] as Acl;
  for (let i = 0; i < at; i++) {
    const other = acl[i] as Acl;
    if (other.perms === perms && other.id.scheme === id.scheme && other.id.id === id.id)
      return true;
  }
  return false;
}

/** The list for who may not administer it: hashes of passwords are hidden (ZOOKEEPER-1392). */
export const maskAcl = (acl: readonly Acl[]): Acl[] =>
  acl.map((entry) =>
    entry.id.scheme === 'digest' && entry.id.id !== null
      ? { perms: entry.perms, id: { scheme: 'digest', id: entry.id.id.replace(/:.*/g, ':x') } }
      : entry,
  );
