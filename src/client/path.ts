// Znode paths on the client's side: refused before they are sent, the chroot put on and taken off.

import { validatePath } from '../base/path.ts';
import { PathError } from './errors.ts';

/** Throws PathError when `path` is not one. */
export function checkPath(path: string, isSequential = false): void {
  // A program in plain JavaScript can hand over anything.
  if (typeof path !== 'string') throw new PathError(String(path), 'Path cannot be null');
  const reason = validatePath(path, isSequential);
  if (reason !== null) throw new PathError(path, reason);
}

/** The server's path for a client's. */
export function withChroot(chroot: string, path: string): string {
  if (chroot === '') return path;
  return path === '/' ? chroot : chroot + path;
}

/** The client's path for a server's; one that lies outside of the chroot (/zookeeper/config) stays. */
export function withoutChroot(chroot: string, path: string): string {
  if (chroot === '') return path;
  if (path === chroot) return '/';
  return path.startsWith(`${chroot}/`) ? path.slice(chroot.length) : path;
}
