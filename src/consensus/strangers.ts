// What servers that look for a leader say to each other when one of them does not count the other.
import { NO_LEADER, type Notification, ServerState } from '../wire/election.ts';
import type { ServerId } from './quorum.ts';
import type { Vote } from './votes.ts';

/** Milliseconds before the same question gets the same answer again: less than any asks anew. */
const PAUSE = 100;

const isSame = (a: Vote, b: Vote): boolean =>
  a.leader === b.leader &&
  a.zxid === b.zxid &&
  a.electionEpoch === b.electionEpoch &&
  a.peerEpoch === b.peerEpoch;

/**
 * The answers of one that looks to those that it does not count. Each of two servers may take the other
 * for such a one, or the other may have a better vote to say: without a pause they would never stop.
 */
export class Answers {
  readonly #given = new Map<ServerId, { question: Vote; answer: Vote; at: number }>();

  /** Whether it is time to answer. */
  isDue(from: ServerId, question: Vote, answer: Vote, now: number): boolean {
    const last = this.#given.get(from);
    const isNews =
      last === undefined || !isSame(last.question, question) || !isSame(last.answer, answer);
    if (!isNews && now - last.at < PAUSE) return false;
    this.#given.set(from, { question, answer, at: now });
    return true;
  }

  clear(): void {
    this.#given.clear();
  }
}

/**
 * The votes of one that no line of its membership names. A membership that is on its way may name it,
 * without its having heard of that: those who know need its vote, and without it would look for ever. It
 * has no candidate of its own, and tells each who asks that the asker's will do, unless that one is
 * behind what it has itself. (An Apache server outside its own view votes, too.)
 */
export class Backing {
  readonly #own: Vote;
  readonly #backed = new Map<ServerId, Vote>();

  constructor(own: Vote) {
    this.#own = own;
  }

  /** Who was told of its vote; they are told again as voters are. */
  get askers(): Iterable<ServerId> {
    return this.#backed.keys();
  }

  /** What it says to this one; undefined when there is nothing to say. */
  voteFor(asker: ServerId): Vote | undefined {
    return this.#backed.get(asker);
  }

  /** Returns whether there is something new to say to who has said this. */
  hear(from: ServerId, { state, leader, zxid, electionEpoch, peerEpoch }: Notification): boolean {
    if (state !== ServerState.looking || leader === NO_LEADER) return false;
    const own = this.#own;
    if (peerEpoch < own.peerEpoch || (peerEpoch === own.peerEpoch && zxid < own.zxid)) {
      this.#backed.delete(from);
      return false;
    }
    const vote = { leader, zxid, electionEpoch, peerEpoch };
    const last = this.#backed.get(from);
    this.#backed.set(from, vote);
    return last === undefined || !isSame(last, vote);
  }
}
