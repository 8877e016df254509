// The odd frames of rawFrames.json that we answer otherwise than Apache's server, each with the reason.

/** Where we answer otherwise on purpose: case name (a pattern) -> why. */
export const decidedFrames: [RegExp, string][] = [
  [
    /^opcodes without body \(3\)$|^opcodes with a path and zeros \(2\)$/,
    'createSession is no request of a client: Unimplemented, where Apache makes a session out of it',
  ],
  [
    /^opcodes without body \(14\)$|^opcodes with a path and zeros \(13\)$/,
    "deleteContainer is the server's own: Unimplemented",
  ],
  [
    /^opcodes without body \(25\)$|^opcodes with a path and zeros \(24\)$|^sasl$/,
    'SASL is refused with AuthFailed; Apache answers an empty token from a NullPointerException',
  ],
  [/^opcode 13 check$/, 'ZOOKEEPER-2623: a check alone is Unimplemented, and is not logged'],
  [
    /^paths of getChildren2?$/,
    "order of children: ours is that of their creation, Apache's of a hash",
  ],
  [
    /^paths of getAllChildrenNumber$/,
    'the empty path is the root, with as many below it; Apache counts the root under itself',
  ],
  [
    /^paths of sync$/,
    'a path outside the BMP is answered as it was sent; Apache encodes each surrogate',
  ],
  [
    /^paths of checkWatches$/,
    'a path without a slash has no watch (NoWatcher); Apache fails on it',
  ],
  [
    /^bodies cut \(6\)$/,
    'a reconfig that cannot be read takes a zxid like every other refused write',
  ],
  [/^inner counts$/, 'null vectors in setWatches are empty; Apache fails on them'],
  [
    /^(setACL|ACLs) with(out)? auth$/,
    "a null id is InvalidACL, not an error of Apache's reader; IPv6 addresses are valid (ZOOKEEPER-4240)",
  ],
  [
    /^auth( \(2\))?$/,
    "ids are listed in the order in which they were proved, Apache's in that of a hash",
  ],
  [
    /^watch requests$/,
    'persistent and recursive watches on one path are two (ZOOKEEPER-4466), with types of their own (3.9)',
  ],
  [/^setWatches with bad paths$/, "the order of events is that of the request, Apache's of a hash"],
  [
    /^multi$|^multiRead$/,
    'a null path or a write among reads is MarshallingError without the empty list behind it',
  ],
  [/^word not in the whitelist$/, 'the refusal also says how to allow the word'],
];
