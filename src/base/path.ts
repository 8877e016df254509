// Paths of znodes: what is a valid one, its parent and its name.

/**
 * Why `path` is no valid path, in the words of Apache's PathUtils.validatePath, or null when it is
 * valid. A path that will get a sequence number appended may end with a slash.
 */
export function validatePath(path: string, isSequential = false): string | null {
  if (isSequential) return validatePath(`${path}1`);
  const length = path.length;
  if (length === 0) return 'Path length must be > 0';
  if (path.charCodeAt(0) !== 47) return 'Path must start with / character';
  if (length === 1) return null;
  if (path.charCodeAt(length - 1) === 47) return 'Path must not end with / character';
  let last = 47;
  for (let i = 1; i < length; i++) {
    const c = path.charCodeAt(i);
    // Letters and the like need no further look; all that can be wrong is elsewhere.
    if (c > 47 && c < 127) {
      last = c;
      continue;
    }
    const reason = whyNotAllowed(path, i, c, last);
    if (reason !== null) return `Invalid path string "${path}" caused by ${reason} @${i}`;
    last = c;
  }
  return null;
}

function whyNotAllowed(path: string, i: number, c: number, last: number): string | null {
  if (c === 0) return 'null character not allowed';
  if (c === 47) return last === 47 ? 'empty node name specified' : null;
  if (c === 46) {
    const endsHere = i + 1 === path.length || path.charCodeAt(i + 1) === 47;
    const begin = last === 46 ? i - 2 : i - 1;
    return endsHere && path.charCodeAt(begin) === 47 ? 'relative paths not allowed' : null;
  }
  const isInvalid =
    c <= 0x1f ||
    (c >= 0x7f && c <= 0x9f) ||
    (c >= 0xd800 && c <= 0xf8ff) ||
    (c >= 0xfff0 && c <= 0xffff);
  return isInvalid ? 'invalid character' : null;
}

/** `/a` of `/a/b`, `/` of `/a`, and the empty string (no node) of `/`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash === 0) return path.length === 1 ? '' : '/';
  return path.substring(0, slash);
}

/** `b` of `/a/b`. */
export function nameOf(path: string): string {
  return path.substring(path.lastIndexOf('/') + 1);
}

/** The path of the child `name` of `parent`. */
export function childOf(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
