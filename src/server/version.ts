// The version that words and logs show; the number in front is the protocol's, which tools parse.
import { manifest } from '../package/manifest.ts';

/** `3.8.0-` as Apache's words begin, so that clients that ask for the version know what they may use. */
export const SERVER_VERSION = `3.8.0-zookeeper-ts-${manifest().version}`;
