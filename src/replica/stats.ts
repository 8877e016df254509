// Counters of a server since its start or the last `srst` (Apache's ServerStats).

export class ServerStats {
  received = 0;
  sent = 0;
  minLatency = 0;
  maxLatency = 0;
  totalLatency = 0;
  answered = 0;
  /** Sizes in bytes of the replies: last, smallest and largest (`stat` does not show them, `mntr` does). */
  lastReply = -1;
  minReply = -1;
  maxReply = -1;
  expiredSessions = 0;
  authFailures = 0;
  /** Connect requests let through, and of those the ones that came back to a session. */
  connects = 0;
  revalidations = 0;
  /** Connect requests refused by the throttle. */
  connectionsDropped = 0;
  /** Times that a connection was held back because too many requests were in work. */
  throttleWaits = 0;
  largeRequestsRejected = 0;
  // Counted by the client port: bytes, connections beyond a limit, connections that said nothing.
  bytesReceived = 0;
  bytesSent = 0;
  connectionsRejected = 0;
  neverGreeted = 0;
  commits = 0;
  /** Proposed as the leader; and their sizes in bytes in this leadership: last, smallest and largest. */
  proposals = 0;
  lastProposal = -1;
  minProposal = -1;
  maxProposal = -1;
  /** What a leader has sent to this server since they were in sync. */
  proposalsReceived = 0;
  commitsReceived = 0;

  latency(elapsed: number): void {
    if (this.answered === 0 || elapsed < this.minLatency) this.minLatency = elapsed;
    if (elapsed > this.maxLatency) this.maxLatency = elapsed;
    this.totalLatency += elapsed;
    this.answered++;
  }

  reply(bytes: number): void {
    this.sent++;
    this.lastReply = bytes;
    if (this.minReply === -1 || bytes < this.minReply) this.minReply = bytes;
    if (bytes > this.maxReply) this.maxReply = bytes;
  }

  proposal(bytes: number): void {
    this.proposals++;
    this.lastProposal = bytes;
    if (this.minProposal === -1 || bytes < this.minProposal) this.minProposal = bytes;
    if (bytes > this.maxProposal) this.maxProposal = bytes;
  }

  /** Another leadership begins. */
  forgetProposalSizes(): void {
    this.lastProposal = -1;
    this.minProposal = -1;
    this.maxProposal = -1;
  }

  /** Milliseconds, 0 before the first answer. */
  get averageLatency(): number {
    return this.answered === 0 ? 0 : this.totalLatency / this.answered;
  }

  reset(): void {
    Object.assign(this, new ServerStats());
  }
}
