// The version of this package, and the release of Apache ZooKeeper whose protocol and texts it keeps to.
import { manifest } from '../package/manifest.ts';

export const PROTOCOL_LEVEL = '3.8';

export function packageVersion(): string {
  return manifest().version;
}
