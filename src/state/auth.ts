// Schemes of identities: who a client proves to be, which ids are well formed, which match.
import { createHash } from 'node:crypto';
import type { Id } from '../wire/data.ts';
import { formatAddress, isInNetwork, parseNetwork } from './ip.ts';

export interface AuthOptions {
  /** `zookeeper.skipACL=yes`: nothing is checked. */
  skipAcl: boolean;
  /** `super:<base64 of the digest>`: who may do everything; null if nobody may. */
  superDigest: string | null;
  /** `zookeeper.DigestAuthenticationProvider.digestAlg` as node:crypto names it. */
  digestAlgorithm: string;
  /** `zookeeper.DigestAuthenticationProvider.enabled`. */
  digestEnabled: boolean;
  /** Schemes beside `ip` and `digest` whose ids are known: `x509`, `sasl`. */
  moreSchemes: readonly string[];
}

export const DEFAULT_AUTH_OPTIONS: AuthOptions = {
  skipAcl: false,
  superDigest: null,
  digestAlgorithm: 'sha1',
  digestEnabled: true,
  moreSchemes: [],
};

/** The id that a connection has from its start. */
export const ipId = (address: string): Id => ({ scheme: 'ip', id: formatAddress(address) });

/** `user:base64(hash(user:password))` of `user:password`. */
export function digestIdOf(userAndPassword: string, algorithm = 'sha1'): string {
  const colon = userAndPassword.indexOf(':');
  const user = colon === -1 ? userAndPassword : userAndPassword.substring(0, colon);
  const hash = createHash(algorithm).update(userAndPassword, 'utf8').digest('base64');
  return `${user}:${hash}`;
}

/**
 * The ids that an auth packet adds to a connection from `address`; null for AUTHFAILED.
 * (x509 comes with the TLS handshake, sasl through requests of its own: not this way.)
 */
export function authenticate(
  scheme: string | null,
  auth: Uint8Array | null,
  address: string,
  options: AuthOptions = DEFAULT_AUTH_OPTIONS,
): Id[] | null {
  if (scheme === 'ip') return [ipId(address)];
  if (scheme !== 'digest' || !options.digestEnabled || auth === null) return null;
  const text = Buffer.from(auth.buffer, auth.byteOffset, auth.length).toString('utf8');
  const id = digestIdOf(text, options.digestAlgorithm);
  const ids: Id[] = [{ scheme: 'digest', id }];
  if (id === options.superDigest) ids.unshift({ scheme: 'super', id: '' });
  return ids;
}

/** Whether there is a provider for the scheme. `world`, `auth` and `super` have none. */
export function isKnownScheme(scheme: string, options: AuthOptions): boolean {
  if (scheme === 'ip') return true;
  if (scheme === 'digest') return options.digestEnabled;
  return options.moreSchemes.includes(scheme);
}

/** Whether an id of the scheme may stand for its owner in an `auth` ACL: an address may not. */
export const isAuthenticating = (scheme: string, options: AuthOptions): boolean =>
  scheme !== 'ip' && isKnownScheme(scheme, options);

/** Whether an id is well formed in its scheme; false for unknown schemes. */
export function isValidId(scheme: string, id: string, options: AuthOptions): boolean {
  if (!isKnownScheme(scheme, options)) return false;
  if (scheme === 'ip') return parseNetwork(id) !== null;
  // Java's split drops empty parts at the end: `a:b:` has two, `a:` one.
  if (scheme === 'digest') return id.replace(/:+$/, '').split(':').length === 2;
  if (scheme === 'x509') return /^[^=,]+=/.test(id);
  return id.length > 0;
}

/** Whether the id of a connection is meant by the id in an ACL of the same, known scheme. */
export function matchesId(scheme: string, id: string | null, expression: string | null): boolean {
  if (id === null || expression === null) return false;
  if (scheme === 'ip') return id === expression || isInNetwork(id, expression);
  return id === expression;
}
