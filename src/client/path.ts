// Znode paths on the client's side: what a path may look like, and the chroot put on and taken off.

import { PathError } from './errors.ts';

/** Characters that Apache's PathUtils refuses besides NUL: controls, surrogates, private use, specials. */
const isInvalid = (c: number): boolean =>
  (c >= 0x01 && c <= 0x1f) ||
  (c >= 0x7f && c <= 0x9f) ||
  (c >= 0xd800 && c <= 0xf8ff) ||
  (c >= 0xfff0 && c <= 0xffff);

/** Index of the first character of a name that may not be there, with why; null for a good path. */
function fault(path: string): string | null {
  let start = 1;
  for (let i = 1; i <= path.length; i++) {
    const c = i === path.length ? 0x2f : path.charCodeAt(i);
    if (c === 0x2f) {
      const name = path.slice(start, i);
      if (name === '') return `empty node name specified @${i}`;
      if (name === '.' || name === '..') return `relative paths not allowed @${i - 1}`;
      start = i + 1;
    } else if (c === 0) return `null character not allowed @${i}`;
    else if (isInvalid(c)) return `invalid character @${i}`;
  }
  return null;
}

/**
 * Why Apache's client would refuse `path`, in its words; null when it would not.
 * A sequential create may end in a slash: its name is the counter alone.
 */
export function pathFault(path: string, isSequential = false): string | null {
  const whole = isSequential ? `${path}1` : path;
  if (whole.length === 0) return 'Path length must be > 0';
  if (whole[0] !== '/') return 'Path must start with / character';
  if (whole.length === 1) return null;
  if (whole.endsWith('/')) return 'Path must not end with / character';
  const reason = fault(whole);
  return reason === null ? null : `Invalid path string "${whole}" caused by ${reason}`;
}

/** Throws PathError when `path` is not one. */
export function checkPath(path: string, isSequential = false): void {
  // A program in plain JavaScript can hand over anything.
  if (typeof path !== 'string') throw new PathError(String(path), 'Path cannot be null');
  const reason = pathFault(path, isSequential);
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
