// The membership of an ensemble as one of its members knows it: what is in force, and what is to come.
import { zxid } from '../base/ids.ts';
import type { Membership as Known } from '../consensus/lookingOptions.ts';
import { hierarchical, joint, majority, type QuorumRule } from '../consensus/quorum.ts';
import { CONFIG_PATH } from '../state/specialPaths.ts';
import type { State } from '../state/state.ts';
import { WireError } from '../wire/bytes.ts';
import { type Membership, printMembership, readMembership } from '../wire/membership.ts';

/** What a server needs for memberships that change; a server without it keeps its own for ever. */
export interface ReconfigOptions {
  /** Fewer than two voters are refused then, since the last one would start alone. */
  readonly standaloneEnabled: boolean;
  /** A membership that was proposed when this server ended. */
  readonly pending: Membership | null;
}

/**
 * The membership in force is what was established or committed as far as this server knows (Apache's
 * quorumVerifier); a newer one may be on its way (lastSeenQuorumVerifier). As long as there are two,
 * whatever is decided needs a quorum of both.
 */
export class Ensemble {
  /** False: whatever others say, the membership is that of the configuration (reconfigEnabled). */
  readonly isDynamic: boolean;
  readonly #standaloneEnabled: boolean;
  #active: Membership;
  #pending: Membership | null = null;
  #heard: Membership | null = null;

  /** @param found the state as it was read from the disk: its config znode may be newer */
  constructor(active: Membership, reconfig: ReconfigOptions | null, found: State) {
    this.isDynamic = reconfig !== null;
    this.#standaloneEnabled = reconfig?.standaloneEnabled ?? true;
    this.#active = active;
    if (reconfig === null) return;
    for (const one of [reconfig.pending, configIn(found)]) {
      // What did not get into the log counts for nothing: this server has not acknowledged it.
      const isLogged = one !== null && one.version <= found.lastZxid;
      if (isLogged && one.version > this.newest.version) this.#pending = one;
    }
  }

  get active(): Membership {
    return this.#active;
  }

  /** Newer than the active one, and not known to be in force; null when there is none. */
  get pending(): Membership | null {
    return this.#pending;
  }

  /**
   * On its way in the logs of others that look for a leader, and not in this one; null when nobody
   * says so. They cannot do without those that it names, who may not know of it; it decides nothing
   * here, as it may have come to nothing.
   */
  get heard(): Membership | null {
    return this.#heard;
  }

  get newest(): Membership {
    return this.#pending ?? this.#active;
  }

  /** As election and roles want it. */
  get known(): Known {
    const active = this.#active;
    const pending = this.#pending;
    const rule = ruleOf(active);
    const servers = pending === null ? active.servers : [...active.servers, ...pending.servers];
    return {
      rule: pending === null ? rule : joint(rule, ruleOf(pending)),
      members: [...new Set(servers.map(({ id }) => id))],
      ...(this.#heard === null ? {} : { named: ruleOf(this.#heard).voters }),
      text: printMembership(active) + (pending === null ? '' : toCome(pending)),
    };
  }

  /** The least number of voters that a new membership may have. */
  get leastVoters(): number {
    return this.#standaloneEnabled ? 2 : 1;
  }

  /** The membership that another server's notification comes with, if it is newer than the active one. */
  newerIn(config: string | null): Membership | null {
    if (!this.isDynamic || config === null) return null;
    // Most say the same again and again: the version alone is quickly read.
    const version = /^version=([0-9a-f]{1,16})$/m.exec(config)?.[1];
    const isNewer = version !== undefined && BigInt(`0x${version}`) > this.#active.version;
    return isNewer ? membershipIn(config) : null;
  }

  /** Takes what another server that looks says is on its way. Returns whether that is news. */
  hear(config: string | null): boolean {
    if (!this.isDynamic || config?.includes(NEXT) !== true) return false;
    const lines = config.split('\n').filter((line) => line.startsWith(NEXT));
    const heard = membershipIn(lines.map((line) => line.slice(NEXT.length)).join('\n'));
    const known = this.#heard ?? this.newest;
    if (heard === null || heard.version <= known.version) return false;
    this.#heard = heard;
    return true;
  }

  /** There is a leader: what was heard is in its history, or nowhere. Returns whether that is news. */
  forget(): boolean {
    const isNews = this.#heard !== null;
    this.#heard = null;
    return isNews;
  }

  /** Another membership is on its way, in place of what was before. Returns whether that is news. */
  propose(next: Membership): boolean {
    if (!this.isDynamic || next.version === this.newest.version) return false;
    this.#pending = next.version > this.#active.version ? next : null;
    return true;
  }

  /** This server's history was replaced: what is to come is what the new one says. */
  restored(state: State): boolean {
    const before = this.#pending;
    const found = this.isDynamic ? configIn(state) : null;
    const isNewer = found !== null && found.version > this.#active.version;
    this.#pending = isNewer ? found : null;
    return before !== this.#pending;
  }

  /** A membership is in force. Returns whether that is news. */
  activate(next: Membership): boolean {
    if (!this.isDynamic || next.version <= this.#active.version) return false;
    this.#active = next;
    if (this.#pending !== null && this.#pending.version <= next.version) this.#pending = null;
    return true;
  }

  /**
   * Writes the active membership into the config znode, as Apache's initConfigInZKDatabase: no log
   * entry says what the first one is, and a leader's snapshot holds the leader's. What is newer there
   * is in the log and not in force yet: a snapshot with an older one would forget it.
   */
  show(state: State, time: number): void {
    const { tree } = state;
    const text = printMembership(this.#active);
    tree.ensureConfigNode();
    const isNewer = (configIn(state)?.version ?? -1n) > this.#active.version;
    if (isNewer || textIn(state) === text) return;
    tree.setData(CONFIG_PATH, Buffer.from(text), -1, zxid(this.#active.version), time);
  }
}

/** In front of each line of a membership that is on its way: a comment for Apache's servers. */
const NEXT = '#next ';

const toCome = (pending: Membership): string =>
  printMembership(pending)
    .split('\n')
    .map((line) => `\n${NEXT}${line}`)
    .join('');

export function ruleOf({ servers, groups, weights }: Membership): QuorumRule {
  const voters = servers.filter(({ role }) => role === 'participant').map(({ id }) => id);
  return groups.length === 0 ? majority(voters) : hierarchical(voters, groups, weights);
}

/** The membership in the config znode; null when there is none that can be read. */
export function configIn(state: State): Membership | null {
  return membershipIn(textIn(state) ?? '');
}

function textIn({ tree }: State): string | null {
  return tree.get(CONFIG_PATH)?.data?.toString('utf8') ?? null;
}

/** Null when the text is none of a membership with servers. */
export function membershipIn(text: string): Membership | null {
  try {
    const membership = readMembership(text);
    return membership.servers.length === 0 ? null : membership;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return null;
  }
}

/** Whether two memberships have the same servers in the same roles at the same places. */
export function isSame(a: Membership, b: Membership): boolean {
  const textOf = (one: Membership): string => printMembership({ ...one, version: 0n });
  return textOf(a) === textOf(b);
}

/** Whether `server` votes in both, and is reached by its peers at the same place. */
export function keepsPlace(a: Membership, b: Membership, server: number): boolean {
  const [before, after] = [a, b].map(({ servers }) =>
    servers.find(({ id, role }) => id === server && role === 'participant'),
  );
  if (before === undefined || after === undefined) return false;
  const placeOf = (one: typeof before): string =>
    one.addresses
      .map(({ host, peerPort }) => `${host}:${peerPort}`)
      .sort()
      .join('|');
  return placeOf(before) === placeOf(after);
}
