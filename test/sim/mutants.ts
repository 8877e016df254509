// Bugs to plant, one at a time, as changes of the source text while it is bundled for a run: the
// checkers are worth something only if they find them. Nothing of this is in the source itself.

import { NO_FAULTS, type SimOptions } from './options.ts';

interface Edit {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant extends Edit {
  readonly name: string;
  /** The bug of Apache's that it repeats, or the part of the protocol that it switches off. */
  readonly like: string;
  /** Other changes that it needs: the protocol has more than one line of defence there. */
  readonly also?: readonly Edit[];
  /** Of every run. */
  readonly fixed?: Partial<SimOptions>;
}

const learner = 'src/consensus/learner.ts';
const reception = 'src/consensus/reception.ts';
const founding = 'src/consensus/founding.ts';
const broadcast = 'src/consensus/broadcast.ts';
const leader = 'src/consensus/leader.ts';

/** In ensembles whose membership changes. */
const changing: readonly Mutant[] = [
  {
    name: 'a reconfig is committed by the old members alone',
    like: 'joint quorums',
    file: 'src/replica/ensemble.ts',
    from: 'rule: pending === null ? rule : joint(rule, ruleOf(pending)),',
    to: 'rule,',
    fixed: { reconfig: true },
  },
  {
    name: 'a second reconfig does not wait for the first',
    like: 'one reconfig at a time',
    file: 'src/operations/reconfig.ts',
    from: 'if (reconfiguration.isUnderWay) return',
    to: 'if (reconfiguration === null) return',
    fixed: { reconfig: true },
  },
  {
    name: 'a leader that is removed goes on committing',
    like: 'allowedToCommit',
    file: broadcast,
    from: '    if (this.#isHandedOver) return;\n    const out',
    to: '    const out',
    also: [
      {
        file: broadcast,
        from: 'if (id === upTo || this.#isHandedOver) return;',
        to: 'if (id === upTo) return;',
      },
    ],
    fixed: { reconfig: true },
  },
  {
    name: 'the version that a reconfig is to follow is not looked at',
    like: 'curConfigId',
    file: 'src/operations/reconfig.ts',
    from: 'if (curConfigId !== -1n && curConfigId !== active.version) return',
    to: 'if (curConfigId === -2n) return',
    fixed: { reconfig: true },
  },
  {
    name: 'who is no member yet has no vote for those who count it',
    like: 'found here',
    file: 'src/consensus/looking.ts',
    from: 'const isBacking = options.isStranger && !history.isEmpty;',
    to: 'const isBacking = options.isStranger && history.isEmpty;',
    fixed: { reconfig: true },
  },
  {
    name: 'nobody who looks is told of a membership to come',
    like: 'found here',
    file: 'src/replica/ensemble.ts',
    from: "(pending === null ? '' : toCome(pending)),",
    to: "(pending !== null ? '' : toCome(active)),",
    fixed: { reconfig: true },
  },
  {
    name: 'a membership that did not get into the log is found again later',
    like: 'found here',
    file: 'src/replica/reconfiguring.ts',
    from: 'if (this.ensemble.pending !== null || kept !== null)',
    to: 'if (this.ensemble.pending !== null)',
    fixed: { reconfig: true },
  },
  {
    name: 'the config znode forgets what is in the log',
    like: 'found here',
    file: 'src/replica/ensemble.ts',
    from: 'if (isNewer || textIn(state) === text) return;',
    to: 'if (textIn(state) === text || (isNewer && text === null)) return;',
    fixed: { reconfig: true },
  },
];
/**
 * Who looks follows a leader only when a quorum stands behind that one: by then whoever has promised
 * another epoch, or has later history, cannot come to an older leader, unless words of others are
 * late. The checks of epochs and histories are a second line. Without the first one nothing breaks,
 * and so the bugs in the second one are hunted without the first.
 */
const ANY_LEADER: Edit = {
  file: 'src/consensus/looking.ts',
  from: 'if (!rules.some((rule) => ballots.elect(rule, vote))) return false;',
  to: '',
};

/** Elections that are disturbed again and again, and short runs. */
const UNREST: Partial<SimOptions> = {
  voters: 3,
  observers: 0,
  clients: 3,
  think: 300,
  tickTime: 1000,
  duration: 120_000,
  isRich: false,
  faults: {
    ...NO_FAULTS,
    crash: 0.3,
    partition: 0.2,
    oneWay: 0.2,
    slowDisk: 0.3,
    crashAt: 0.2,
    resetAt: 0.1,
  },
};

export const mutants: readonly Mutant[] = [
  // -- what the protocol rests on
  {
    name: 'a proposal is acknowledged before it is on disk',
    like: 'fsync before ACK',
    file: reception,
    from: 'if (this.#ackTo !== null) this.#unacknowledged.push(id);',
    to: `if (this.#ackTo !== null) {
      this.#unacknowledged.push(id);
      this.#logged = id;
      if (this.#isOpen) this.#acknowledge();
    }`,
  },
  {
    name: 'half of the voters are a quorum',
    like: 'quorum count',
    file: 'src/consensus/quorum.ts',
    from: 'return count * 2 > voters.length;',
    to: 'return count * 2 >= voters.length - 1;',
  },
  {
    name: 'a new leader takes an epoch that was accepted before',
    like: 'epochs rise',
    file: founding,
    from: '    epoch++;\n',
    to: '',
  },
  {
    name: 'a learner accepts an epoch that is not newer, as a promise',
    like: 'epoch check',
    file: learner,
    from: 'this.#acceptEpoch(false);',
    to: 'this.#acceptEpoch(true);',
    also: [ANY_LEADER],
    fixed: UNREST,
  },
  {
    name: 'a learner accepts an older epoch',
    like: 'epoch check',
    file: learner,
    from: 'if (epoch < acceptedEpoch && !isObserver) return',
    to: 'if (epoch < acceptedEpoch - 1_000_000 && !isObserver) return',
    also: [
      {
        file: founding,
        from: 'if (learner.acceptedEpoch > epoch && learner.counts) {',
        to: 'if (learner.acceptedEpoch > epoch + 1_000_000 && learner.counts) {',
      },
      ANY_LEADER,
    ],
    fixed: UNREST,
  },
  // -- epochs and the disk
  {
    name: 'ACKEPOCH goes out before the epoch is on disk',
    like: 'ZOOKEEPER-335, 1653',
    file: learner,
    from: `this.#out.push({ kind: 'saveEpoch', which: 'accepted', epoch });`,
    to: `this.#out.push({ kind: 'saveEpoch', which: 'accepted', epoch });
      this.#acceptEpoch(true);`,
  },
  {
    name: 'NEWLEADER is acknowledged before the history is on disk',
    like: 'ZOOKEEPER-3911, 4646, 4785',
    file: learner,
    from: 'if (this.#phase !== Phase.logging || !this.#reception.hasOnDisk(this.#newLeaderBehind)) return;',
    to: 'if (this.#phase !== Phase.logging) return;',
  },
  {
    name: 'NEWLEADER is acknowledged before the current epoch is on disk',
    like: 'ZOOKEEPER-4643, 2307',
    file: learner,
    from: `else this.#out.push({ kind: 'saveEpoch', which: 'current', epoch: this.#epoch });`,
    to: `else {
      this.#out.push({ kind: 'saveEpoch', which: 'current', epoch: this.#epoch });
      this.#acknowledgeNewLeader();
    }`,
  },
  {
    name: 'a leader does not wait for its own epoch on disk',
    like: 'ZOOKEEPER-2354',
    file: founding,
    from: 'if (this.#stage !== Stage.synchronisation || !this.#hasSavedCurrent) return;',
    to: 'if (this.#stage !== Stage.synchronisation) return;',
  },
  {
    name: 'the accepted epoch is forgotten by a crash',
    like: 'ZOOKEEPER-1653',
    file: 'test/sim/replicaOptions.ts',
    from: 'acceptedEpoch: medium.accepted,',
    to: 'acceptedEpoch: medium.current,',
  },
  // -- history
  {
    name: 'what was logged and not committed is forgotten at the end of a role',
    like: 'ZOOKEEPER-2845, 4712',
    file: 'src/replica/member.ts',
    from: 'for (const proposal of ended.rest()) this.#replica.commit(proposal, null);',
    to: 'ended.rest();',
  },
  {
    name: 'the history in memory has a hole behind its base',
    like: 'ZOOKEEPER-4925',
    file: 'src/consensus/committedLog.ts',
    from: 'this.#base = zxid;\n    if (this.#head > 1024',
    to: 'if (this.#head > 1024',
  },
  {
    name: 'a learner that has more than the leader is not cut',
    like: 'ZOOKEEPER-1549',
    file: 'src/consensus/sync.ts',
    from: `return withEntries('trunc', floor, history, disk);`,
    to: `return withEntries('diff', floor, history, disk);`,
  },
  {
    name: 'a leader cuts one entry too many',
    like: 'ZOOKEEPER-1154',
    file: 'src/consensus/sync.ts',
    from: `return withEntries('trunc', floor, history, disk);`,
    to: `return withEntries('trunc', (floor - 1n) as Zxid, history, disk);`,
  },
  {
    name: 'a cut leaves snapshots that saw more',
    like: 'ZOOKEEPER-4837',
    file: 'test/sim/medium.ts',
    from: 'this.snapshots = this.snapshots.filter(({ zxid: id }) => id <= found.base);',
    to: '',
  },
  {
    name: 'what is in flight is not sent to a learner that joins',
    like: 'ZOOKEEPER-3104',
    file: broadcast,
    from: 'for (const { zxid: id, entry } of this.#history.uncommitted()) {',
    to: 'for (const { zxid: id, entry } of this.#history.uncommitted().slice(0, 0)) {',
  },
  {
    name: 'commits that a learner missed while it was synced are not repeated',
    like: 'ZOOKEEPER-4394',
    file: broadcast,
    from: 'for (let counter = first; counter <= last; counter++) {',
    to: 'for (let counter = last; counter <= last; counter++) {',
  },
  {
    name: 'what a learner has acknowledged counts after its link has ended',
    like: 'ACKs that outlive a TRUNC',
    file: broadcast,
    from: 'this.#leading.forget(learner.id);',
    to: '',
  },
  // -- elections and leaders
  {
    name: 'votes are compared without their epochs',
    like: 'ZOOKEEPER-2164, 1732',
    file: 'src/consensus/votes.ts',
    from: 'if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;',
    to: '',
  },
  {
    name: 'the id decides before the history',
    like: 'order of votes',
    file: 'src/consensus/votes.ts',
    from: 'if (a.zxid !== b.zxid) return a.zxid > b.zxid;',
    to: '',
  },
  {
    name: 'a leader takes its history for the most recent',
    like: 'StateSummary',
    file: founding,
    from: 'if (epoch !== -1 && isMoreRecent(epoch, reply.zxid, ours)) {',
    to: 'if (epoch === -2 && isMoreRecent(epoch, reply.zxid, ours)) {',
    also: [ANY_LEADER],
    fixed: UNREST,
  },
  {
    name: 'a leader without a quorum stays',
    like: 'Leader.lead',
    file: leader,
    from: 'if (!hasQuorum && this.#missesQuorum) this.end(',
    to: 'if (!hasQuorum && this.#missesQuorum && hasQuorum) this.end(',
  },
  {
    name: 'observers are counted',
    like: 'ZOOKEEPER-690',
    fixed: { voters: 3, observers: 2 },
    file: 'src/consensus/learners.ts',
    from: 'learner.counts = this.#counts(learner);\n    learner.acceptedEpoch',
    to: 'learner.counts = true;\n    learner.acceptedEpoch',
  },
  {
    name: 'a leader commits what it has logged alone',
    like: 'quorum of ACKs',
    file: 'src/consensus/leading.ts',
    from: 'if (this.#rule.isQuorum(this.#hasCandidate)) return reached;',
    to: 'return reached;',
  },
  {
    name: 'a damaged member votes',
    like: 'damaged members',
    file: 'src/replica/member.ts',
    from: 'mayVote: own.mayVote,',
    to: 'mayVote: true,',
  },
  {
    name: 'an empty member votes among others that are not',
    like: 'lost data directory',
    file: 'src/consensus/looking.ts',
    from: 'if (this.#options.history.isEmpty && this.#mayVote && hasHistory(heard)) {',
    to: 'if (this.#options.history.isEmpty && !this.#mayVote && hasHistory(heard)) {',
  },
  // -- what clients see
  {
    name: 'a sync asks nobody',
    like: 'ZOOKEEPER-1675',
    file: 'src/replica/order.ts',
    from: `this.#leader.confirm(token);
    return false;`,
    to: 'return token > 0;',
  },
  {
    name: 'a server that is behind takes a client that has seen more',
    like: 'lastZxidSeen',
    file: 'src/replica/handshake.ts',
    from: 'if (request.lastZxidSeen > replica.state.lastZxid) {',
    to: 'if (request.lastZxidSeen < 0n) {',
  },
  {
    name: 'reads overtake the writes before them',
    like: 'FIFO of a session',
    file: 'src/replica/reception.ts',
    from: 'if (connection.waiting.length > 0 || point !== null) {',
    to: 'if (point !== null) {',
  },
  {
    name: 'the version of a set is not looked at',
    like: 'CAS',
    file: 'src/operations/setData.ts',
    from: 'if (version !== -1 && version !== node.version) return ErrorCode.badVersion;',
    to: '',
  },
  {
    name: 'watches that are set again tell nothing of what was missed',
    like: 'setWatches',
    file: 'src/state/watches.ts',
    from: 'else if (node.mzxid > relativeZxid) {',
    to: 'else if (node.mzxid < 0n) {',
  },
  {
    name: 'a session may go on that is being closed',
    like: 'ZOOKEEPER-4508',
    file: 'src/replica/deciding.ts',
    from: 'if (session === undefined || session.isClosing) return ErrorCode.sessionExpired;',
    to: 'if (session === undefined) return ErrorCode.sessionExpired;',
  },
  {
    name: 'a session is not touched by what its server heard of it',
    like: 'C11',
    file: 'src/replica/leadingRole.ts',
    from: 'deciding?.tracker.touch(inner.session, this.#parts.replica.now.monotonic);',
    to: '',
  },
  {
    name: 'the ephemerals of a session in flight survive it',
    like: 'ZOOKEEPER-5010, 2355',
    file: 'src/replica/deciding.ts',
    from: 'const paths2Delete = this.proposals.view.ephemeralsOf(session);',
    to: 'const paths2Delete = [...(this.#replica.state.tree.ephemerals.get(session) ?? [])];',
  },
  // -- bugs of our own that a seed has found
  {
    name: 'a write that commits before the sync in front of it ends the server',
    like: 'found here',
    file: 'src/replica/deciding.ts',
    from: 'this.#confirmBefore(next.header.zxid);',
    to: '',
  },
  {
    name: 'a learner loses the answer to a write behind a sync',
    like: 'found here',
    file: 'src/replica/forwarding.ts',
    from: 'this.#releaseBefore(connection);',
    to: 'if (connection.waiting.peek()?.kind !== "write") return null;',
  },
  {
    name: 'a sync waits in an epoch without writes',
    like: 'found here',
    file: 'src/replica/deciding.ts',
    from: 'return counterOf(lastProposed) === 0 ? this.#replica.state.lastZxid : lastProposed;',
    to: 'return counterOf(lastProposed) < 0 ? this.#replica.state.lastZxid : lastProposed;',
  },
  {
    name: 'sessions expire at a leader that is none any more',
    like: 'found here',
    file: 'src/replica/replica.ts',
    from: `this.member?.drain();
        if (this.#pipelineDeadline`,
    to: 'if (this.#pipelineDeadline',
  },
  {
    name: 'the snapshot of a learner has a digest that no entry confirms',
    like: 'found here',
    file: 'src/server/storage/snapshotFile.ts',
    from: 'if (state.tree.options.digest && state.isDigestSettled) {',
    to: 'if (state.tree.options.digest) {',
  },
  {
    name: 'a server that stood still takes no part for as long again',
    like: 'found here',
    file: 'src/replica/replica.ts',
    from: 'return Math.min(own, this.member?.deadline ?? Number.POSITIVE_INFINITY);',
    to: 'return Math.max(this.#patientUntil, Math.min(own, this.member?.deadline ?? own));',
  },
  ...changing,
];
