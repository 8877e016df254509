// The version of this package, and the release of Apache ZooKeeper whose protocol and texts it keeps to.
import { readFileSync } from 'node:fs';

export const PROTOCOL_LEVEL = '3.8';

export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  const isManifest = typeof parsed === 'object' && parsed !== null && 'version' in parsed;
  return isManifest ? String(parsed.version) : 'unknown';
}
