// Counters of a server since its start or the last `srst` (Apache's ServerStats).

/** Sizes in bytes: the last, the smallest and the largest; -1 before the first (BufferStats). */
class Sizes {
  last = -1;
  min = -1;
  max = -1;

  add(bytes: number): void {
    this.last = bytes;
    if (this.min === -1 || bytes < this.min) this.min = bytes;
    if (bytes > this.max) this.max = bytes;
  }
}

export class ServerStats {
  received = 0;
  sent = 0;
  minLatency = 0;
  maxLatency = 0;
  totalLatency = 0;
  answered = 0;
  /** Of the replies (`stat` does not show them, `mntr` does). */
  replySizes = new Sizes();
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
  /** Proposed as the leader. */
  proposals = 0;
  /** Of the proposals of this leadership. */
  proposalSizes = new Sizes();
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
    this.replySizes.add(bytes);
  }

  proposal(bytes: number): void {
    this.proposals++;
    this.proposalSizes.add(bytes);
  }

  /** Another leadership begins. */
  forgetProposalSizes(): void {
    this.proposalSizes = new Sizes();
  }

  /** Milliseconds, 0 before the first answer. */
  get averageLatency(): number {
    return this.answered === 0 ? 0 : this.totalLatency / this.answered;
  }

  reset(): void {
    Object.assign(this, new ServerStats());
  }
}
