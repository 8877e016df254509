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

  /** Milliseconds, 0 before the first answer. */
  get averageLatency(): number {
    return this.answered === 0 ? 0 : this.totalLatency / this.answered;
  }

  reset(): void {
    Object.assign(this, new ServerStats());
  }
}
