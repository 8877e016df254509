// A leader's pings: they keep learners waiting, bring their sessions, and confirm that a quorum follows still.
import type { Zxid } from '../base/ids.ts';
import { PacketType } from '../wire/quorum.ts';
import { Confirmations } from './confirmations.ts';
import type { RoleOutput } from './events.ts';
import type { Learners } from './learners.ts';
import { packet } from './packets.ts';
import { Phase, type Progress } from './progress.ts';

export class Pings {
  readonly #learners: Learners;
  readonly #out: RoleOutput[];
  readonly #lastProposed: () => Zxid;
  readonly #rounds = new Confirmations();

  constructor(learners: Learners, lastProposed: () => Zxid, out: RoleOutput[]) {
    this.#learners = learners;
    this.#lastProposed = lastProposed;
    this.#out = out;
  }

  /**
   * While it waits for UPTODATE a ping keeps the learner from giving up; it answers none then, in
   * Apache's servers as in ours.
   */
  ping(learner: Progress): void {
    if (learner.phase < Phase.synced) return;
    if (learner.phase === Phase.following) {
      learner.pings++;
      // Who came while a round runs takes part with the first ping that it gets.
      const isLate = learner.confirmsWith === Number.POSITIVE_INFINITY;
      if (isLate && this.#rounds.isRunning) learner.confirmsWith = learner.pings;
    }
    const ping = packet(PacketType.ping, this.#lastProposed());
    this.#out.push({ kind: 'send', link: learner.link, packet: ping });
  }

  /** A following learner has answered its oldest ping. */
  answered(learner: Progress): void {
    learner.answers++;
    this.#confirm();
  }

  /** Asks for a round: `confirmed` with this token is the answer. */
  confirm(token: number): void {
    this.#rounds.ask(token);
    this.#confirm();
  }

  #confirm(): void {
    const rounds = this.#rounds;
    for (;;) {
      if (!rounds.isRunning && !this.#beginRound()) return;
      if (!this.#learners.isQuorum((one) => one.answers >= one.confirmsWith)) return;
      for (const token of rounds.end()) this.#out.push({ kind: 'confirmed', token });
    }
  }

  #beginRound(): boolean {
    if (!this.#rounds.begin()) return false;
    for (const learner of this.#learners.list()) {
      learner.confirmsWith = Number.POSITIVE_INFINITY;
      if (learner.counts && learner.phase === Phase.following) this.ping(learner);
    }
    return true;
  }
}
