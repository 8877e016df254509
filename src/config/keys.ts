// The table of every zoo.cfg key: type, default, bounds, unit, help and what the server makes of it.
// Source of names, defaults and bounds: the administrator's guide and QuorumPeerConfig of 3.8.
import { DEFAULT_MAX_BUFFER } from '../wire/frames.ts';
import {
  bool,
  choice,
  ensemble,
  fraction,
  inTicks,
  int,
  type Key,
  later,
  long,
  optionalInt,
  port,
  refused,
  text,
  unneeded,
  words,
  yesNo,
} from './keyTypes.ts';

const basics = {
  tickTime: int({
    default: 2000,
    min: 1,
    // The longest session timeout, 20 ticks, is a 32-bit number to clients.
    max: 107_374_182,
    unit: 'ms',
    help: 'the basic unit of time',
  }),
  dataDir: text({
    help: 'directory of the snapshots, and of the transaction log if there is no dataLogDir',
  }),
  dataLogDir: text({
    help: 'directory of the transaction log; a device of its own makes writes faster',
  }),
  clientPort: port({ default: 2181, help: 'port for clients; 0 takes a free one' }),
  clientPortAddress: text({ help: 'address to listen on for clients; absent: all addresses' }),
  clientPortListenBacklog: int({
    default: -1,
    min: -1,
    help: 'queue of connections not yet accepted; -1: 511',
  }),
  maxClientCnxns: int({ default: 60, min: 0, help: 'connections from one address; 0: no limit' }),
  maxCnxns: int({ default: 0, min: 0, help: 'connections in all; 0: no limit' }),
  minSessionTimeout: inTicks({ ticks: 2, help: 'shortest session timeout that a client can get' }),
  maxSessionTimeout: inTicks({ ticks: 20, help: 'longest session timeout that a client can get' }),
  clientTcpKeepAlive: bool({
    default: false,
    help: 'TCP keep-alive on the connections of clients',
  }),
  '4lw.commands.whitelist': words({
    default: 'conf,cons,dirs,dump,envi,gtmk,hash,isro,mntr,ruok,srvr,stat,wchs'.split(','),
    help: 'four-letter words that are answered; * for all, srvr always; default: those that only read cheaply',
  }),
  myid: optionalInt({ min: 0, help: 'id of this server for when dataDir holds no myid file' }),
};

const storage = {
  snapCount: int({
    default: 100_000,
    min: 2,
    clamp: true,
    unit: 'transactions',
    help: 'a snapshot is taken after a random half to whole of this many',
  }),
  snapSizeLimitInKb: long({
    default: 4_194_304,
    unit: 'KB',
    help: 'or after this much transaction log; 0 turns the limit off',
  }),
  preAllocSize: int({
    default: 65_536,
    min: 0,
    unit: 'KB',
    help: 'the log file grows in steps of this size',
  }),
  txnLogSizeLimitInKb: long({
    default: -1,
    unit: 'KB',
    help: 'start another log file at this size; -1: only with a snapshot',
  }),
  'autopurge.snapRetainCount': int({
    default: 3,
    min: 3,
    clamp: true,
    help: 'snapshots to keep when purging',
  }),
  'autopurge.purgeInterval': int({
    default: 1,
    min: 0,
    unit: 'h',
    help: 'time between purges of old snapshots and logs; 0 turns purging off',
  }),
  forceSync: yesNo({
    default: true,
    help: 'answer a write only after it is on disk',
    risk: 'writes are answered before they are on disk; a power failure can lose them',
  }),
  'fsync.warningthresholdms': long({
    default: 1000,
    min: 0,
    unit: 'ms',
    help: 'log a warning when a sync takes longer',
  }),
  'snapshot.compression.method': later(
    choice({
      default: '',
      values: { '': '', gz: 'gz', snappy: 'snappy' },
      help: 'compression of snapshots: nothing, gz or snappy',
    }),
  ),
  'snapshot.trust.empty': bool({
    default: false,
    help: 'start from a log without any snapshot (data of 3.4)',
  }),
  'datadir.autocreate': bool({
    default: true,
    help: 'create dataDir and dataLogDir when they are missing',
  }),
  'digest.enabled': bool({ default: true, help: 'keep a digest of the tree to find differences' }),
  'db.autocreate': ensemble(
    bool({ default: true, help: 'an empty data directory may vote until another server has data' }),
  ),
  commitLogCount: ensemble(
    int({
      default: 500,
      min: 500,
      clamp: true,
      help: 'committed requests kept in memory for followers that come back',
    }),
  ),
  flushDelay: later(
    long({ default: 0, min: 0, unit: 'ms', help: 'wait this long for more writes before a sync' }),
  ),
  maxWriteQueuePollTime: later(
    optionalInt({
      min: 0,
      unit: 'ms',
      help: 'or this long without a new write; default flushDelay / 3',
    }),
  ),
  maxBatchSize: later(int({ default: 1000, min: 1, help: 'writes in one sync' })),
};

const limits = {
  'jute.maxbuffer': int({
    default: DEFAULT_MAX_BUFFER,
    min: 1,
    hex: true,
    unit: 'bytes',
    property: 'jute.maxbuffer',
    help: 'largest request, and so largest data of a znode',
  }),
  'jute.maxbuffer.extrasize': later(
    optionalInt({
      min: 0,
      unit: 'bytes',
      help: 'room beyond jute.maxbuffer for what the server adds to a request; default: jute.maxbuffer',
    }),
  ),
  // Apache's is 1000; here bytes are bounded besides, and a larger batch is a cheaper one.
  globalOutstandingLimit: int({
    default: 10_000,
    min: 0,
    help: 'requests in work before clients are held back',
  }),
  largeRequestMaxBytes: int({
    default: 100 * 1024 * 1024,
    min: 0,
    unit: 'bytes',
    help: 'large requests in work, together',
  }),
  largeRequestThreshold: int({
    default: -1,
    min: -1,
    unit: 'bytes',
    help: 'a request above this is a large one; -1: none is',
  }),
  connectionMaxTokens: int({
    default: 0,
    min: 0,
    property: 'connection_throttle_tokens',
    help: 'tokens in the bucket that new connections take from; 0: no throttle',
  }),
  connectionTokenFillTime: int({
    default: 1,
    min: 1,
    unit: 'ms',
    property: 'connection_throttle_fill_time',
    help: 'time between two fillings of the bucket',
  }),
  connectionTokenFillCount: int({
    default: 1,
    min: 0,
    property: 'connection_throttle_fill_count',
    help: 'tokens added at each filling',
  }),
  connectionFreezeTime: int({
    default: -1,
    min: -1,
    unit: 'ms',
    property: 'connection_throttle_freeze_time',
    help: 'time between changes of the dropping probability; -1: no random dropping',
  }),
  connectionDropIncrease: fraction({
    default: 0.02,
    property: 'connection_throttle_drop_increase',
    help: 'added to the dropping probability when the bucket is empty',
  }),
  connectionDropDecrease: fraction({
    default: 0.002,
    property: 'connection_throttle_drop_decrease',
    help: 'taken from it when the bucket is filled above the ratio',
  }),
  connectionDecreaseRatio: fraction({
    default: 0,
    property: 'connection_throttle_decrease_ratio',
    help: 'that ratio',
  }),
  connection_throttle_weight_enabled: bool({
    default: false,
    help: 'sessions take tokens by weight',
  }),
  connection_throttle_global_session_weight: int({
    default: 3,
    min: 1,
    help: 'tokens for a new session',
  }),
  connection_throttle_local_session_weight: later(
    int({ default: 1, min: 1, help: 'tokens for a local session' }),
  ),
  connection_throttle_renew_session_weight: int({
    default: 2,
    min: 1,
    help: 'tokens for a session that comes back',
  }),
  requestThrottleLimit: int({
    default: 0,
    min: 0,
    property: 'request_throttle_max_requests',
    help: 'requests in work before others wait; 0: no throttle',
  }),
  // What waits lies unread at its connection: a commit wakes it, and it goes when the connection goes.
  requestThrottleStallTime: unneeded({
    property: 'request_throttle_stall_time',
    help: 'sleep of a thread that a commit wakes here',
  }),
  requestThrottleDropStale: unneeded({
    property: 'request_throttle_drop_stale',
    help: 'requests of closed connections always go with them',
  }),
  requestStaleLatencyCheck: unneeded({
    property: 'request_stale_latency_check',
    help: 'the same',
  }),
  requestStaleConnectionCheck: unneeded({
    property: 'request_stale_connection_check',
    help: 'the same',
  }),
  throttledOpWaitTime: later(
    int({
      default: 0,
      min: 0,
      unit: 'ms',
      property: 'throttled_op_wait_time',
      help: 'a request that waited longer is answered ThrottledOp; 0: none is',
    }),
  ),
  'request_throttler.shutdownTimeout': unneeded({
    help: 'queue of a thread',
  }),
};

const features = {
  extendedTypesEnabled: bool({
    default: false,
    help: 'allow znodes with a time to live; server ids must be below 255 then',
  }),
  emulate353TTLNodes: bool({ default: false, help: 'read the TTL znodes of 3.5.3' }),
  'znode.container.checkIntervalMs': int({
    default: 60_000,
    min: 1,
    unit: 'ms',
    property: 'znode.container.checkIntervalMs',
    help: 'time between looks for empty containers and expired TTL znodes',
  }),
  'znode.container.maxPerMinute': int({
    default: 10_000,
    min: 1,
    property: 'znode.container.maxPerMinute',
    help: 'how many of them are deleted in a minute',
  }),
  'znode.container.maxNeverUsedIntervalMs': long({
    default: 0,
    min: 0,
    unit: 'ms',
    property: 'znode.container.maxNeverUsedIntervalMs',
    help: 'delete containers that never had a child after this long; 0: never',
  }),
  enforceQuota: bool({ default: false, help: 'refuse what exceeds a hard quota' }),
  'readonlymode.enabled': ensemble(
    bool({
      default: false,
      property: 'readonlymode.enabled',
      help: 'serve reads without a quorum to clients that ask for it',
    }),
  ),
  'closeSessionTxn.enabled': later(
    bool({ default: true, help: 'name the ephemerals in the transaction that closes a session' }),
  ),
  localSessionsEnabled: later(
    bool({ default: false, help: 'sessions that only their server knows' }),
  ),
  localSessionsUpgradingEnabled: later(
    bool({ default: false, help: 'make a local session global when it needs to be' }),
  ),
  'audit.enable': later(bool({ default: false, help: 'log who changed what' })),
  'audit.impl.class': unneeded({ help: 'Java class of the audit log' }),
};

const access = {
  skipACL: yesNo({
    default: false,
    help: 'do not check ACLs: everybody may do everything',
    risk: 'no ACL is checked; every client may read, change and delete everything',
  }),
  enableEagerACLCheck: later(
    bool({ default: false, help: 'check ACLs before a write goes to the leader' }),
  ),
  'DigestAuthenticationProvider.enabled': bool({ default: true, help: 'the digest scheme exists' }),
  'DigestAuthenticationProvider.superDigest': text({
    help: 'super:<base64 of the hash of super:password>; that user may do everything',
  }),
  'DigestAuthenticationProvider.digestAlg': choice({
    default: 'sha1',
    values: {
      sha1: 'sha1',
      'sha-1': 'sha1',
      sha256: 'sha256',
      'sha-256': 'sha256',
      sha384: 'sha384',
      'sha-384': 'sha384',
      sha512: 'sha512',
      'sha-512': 'sha512',
      'sha3-256': 'sha3-256',
      'sha3-512': 'sha3-512',
      md5: 'md5',
    },
    help: 'hash of the digest scheme; the same on all servers',
  }),
  'X509AuthenticationProvider.superUser': later(
    text({ help: 'X500 name of a client that may do everything' }),
  ),
  superUser: later(text({ help: 'SASL user that may do everything' })),
  'superUser.*': later(text({ help: 'more such users' })),
  'SASLAuthenticationProvider.superPassword': later(
    text({ help: 'password of the SASL user super' }),
  ),
  ensembleAuthName: refused(text({ help: 'names that a client of the scheme ensemble must give' })),
  'enforce.auth.enabled': refused(
    bool({ default: false, help: 'only sessions that authenticated may do anything' }),
  ),
  'enforce.auth.schemes': later(text({ help: 'by one of these schemes' })),
  sessionRequireClientSASLAuth: refused(
    bool({ default: false, help: 'only sessions that authenticated with SASL' }),
  ),
  allowSaslFailedClients: later(
    bool({ default: false, help: 'serve clients whose SASL login failed' }),
  ),
  authProvider: later(text({ help: 'Java class of an authentication scheme' })),
  'authProvider.*': later(text({ help: 'more such classes' })),
  'kerberos.removeHostFromPrincipal': later(
    bool({ default: false, help: 'client names without host' }),
  ),
  'kerberos.removeRealmFromPrincipal': later(
    bool({ default: false, help: 'client names without realm' }),
  ),
  'kerberos.canonicalizeHostNames': later(
    bool({ default: false, help: 'resolve server names for Kerberos' }),
  ),
  'security.auth_to_local': later(text({ help: 'rules from Kerberos names to user names' })),
};

const membership = {
  initLimit: ensemble(
    int({
      default: 10,
      min: 1,
      unit: 'ticks',
      help: 'time for a follower to connect and sync to the leader',
    }),
  ),
  syncLimit: ensemble(
    int({ default: 5, min: 1, unit: 'ticks', help: 'how far a follower may fall behind' }),
  ),
  connectToLearnerMasterLimit: ensemble(
    optionalInt({
      min: 0,
      unit: 'ticks',
      help: 'time for a follower to connect to the leader; default: a second, or a tick if longer',
    }),
  ),
  electionAlg: ensemble(
    int({ default: 3, min: 3, max: 3, help: 'election algorithm; only 3 exists' }),
  ),
  cnxTimeout: ensemble(
    int({
      default: 5000,
      min: 1,
      unit: 'ms',
      help: 'time to open a connection for the election',
    }),
  ),
  quorumCnxnTimeoutMs: ensemble(
    int({
      default: -1,
      min: -1,
      unit: 'ms',
      help: 'time for a peer to say who it is there; -1: 5000',
    }),
  ),
  electionPortBindRetry: ensemble(
    int({
      default: 3,
      min: 0,
      help: 'tries to bind the election port; 0: without end',
    }),
  ),
  quorumListenOnAllIPs: ensemble(
    bool({ default: false, help: 'listen for peers on all addresses' }),
  ),
  peerType: choice({
    default: 'participant',
    values: { participant: 'participant', observer: 'observer' },
    help: 'role of this server; the server lines win',
  }),
  leaderServes: ensemble(yesNo({ default: true, help: 'the leader accepts clients' })),
  standaloneEnabled: bool({ default: true, help: 'one server line means a standalone server' }),
  reconfigEnabled: bool({ default: false, help: 'allow reconfig' }),
  dynamicConfigFile: text({ help: 'file that holds the server, group and weight lines' }),
  // An observer without a log could not take part after a reconfig, nor come back with a DIFF.
  syncEnabled: unneeded({
    property: 'observer.syncEnabled',
    help: 'observers always keep log and snapshots',
  }),
  tcpKeepAlive: unneeded({ help: 'TCP keep-alive is always on between servers' }),
  observerMasterPort: later(port({ default: 0, help: 'followers serve observers on this port' })),
  'fastleader.minNotificationInterval': ensemble(
    int({ default: 200, min: 1, unit: 'ms', help: 'shortest time until a vote is sent again' }),
  ),
  'fastleader.maxNotificationInterval': ensemble(
    int({ default: 60_000, min: 1, unit: 'ms', help: 'and the longest, but at most 1000' }),
  ),
  maxTimeToWaitForEpoch: ensemble(
    int({
      default: -1,
      min: -1,
      unit: 'ms',
      property: 'leader.maxTimeToWaitForEpoch',
      help: 'a new leader waits this long for a quorum; -1: a few ticks',
    }),
  ),
  // What a learner lacks is read piece by piece as it takes it: many at a time cost no memory.
  maxConcurrentSnapSyncs: unneeded({
    property: 'leader.maxConcurrentSnapSyncs',
    help: 'snapshots are made while they are sent',
  }),
  maxConcurrentDiffSyncs: unneeded({
    property: 'leader.maxConcurrentDiffSyncs',
    help: 'and so is what comes from the log',
  }),
  forceSnapshotSync: unneeded({ help: 'a switch of the Java tests' }),
  snapshotSizeFactor: unneeded({ help: 'the number of log entries decides' }),
  leaderConnectDelayDuringRetryMs: unneeded({ help: 'learners try again after 100 ms' }),
  // Apache's delays keep many observers from coming at once; here a connection costs the leader little.
  'observer.reconnectDelayMs': unneeded({ help: 'observers come back as followers do' }),
  'observer.election.DelayMs': unneeded({ help: 'and ask for the leader at once' }),
  'multiAddress.enabled': bool({ default: false, help: 'server lines may name several addresses' }),
  // A connection is tried at one address after the other, so nobody asks first which one answers.
  'multiAddress.reachabilityCheckEnabled': unneeded({ help: 'all addresses are tried in turn' }),
  'multiAddress.reachabilityCheckTimeoutMs': unneeded({ help: 'each for cnxTimeout at most' }),
  oraclePath: later(text({ help: 'file that decides for two servers' })),
};

const encryption = {
  secureClientPort: refused(port({ default: 0, help: 'port for clients with TLS' })),
  secureClientPortAddress: later(text({ help: 'address of that port' })),
  'client.portUnification': later(bool({ default: false, help: 'clients with TLS on clientPort' })),
  sslQuorum: refused(bool({ default: false, help: 'TLS between the servers' })),
  portUnification: later(bool({ default: false, help: 'TLS and plain between the servers' })),
  sslQuorumReloadCertFiles: later(
    bool({ default: false, help: 'read changed certificates again' }),
  ),
  'ssl.authProvider': later(text({ help: 'authentication scheme of TLS clients' })),
  ...ssl('ssl', 'clients'),
  ...ssl('ssl.quorum', 'peers'),
  'quorum.auth.enableSasl': refused(bool({ default: false, help: 'SASL between the servers' })),
  'quorum.auth.serverRequireSasl': refused(bool({ default: false, help: 'peers must use it' })),
  'quorum.auth.learnerRequireSasl': refused(
    bool({ default: false, help: 'and so must this server' }),
  ),
  'quorum.auth.kerberos.servicePrincipal': later(text({ help: 'Kerberos name of the peers' })),
  'quorum.auth.learner.saslLoginContext': later(text({ help: 'JAAS section for connecting' })),
  'quorum.auth.server.saslLoginContext': later(text({ help: 'JAAS section for accepting' })),
};

/** The keys that exist for connections of clients (`ssl.`) and of peers (`ssl.quorum.`). */
function ssl<P extends string>(prefix: P, who: string) {
  const names = {
    'keyStore.location': 'file of the own certificate',
    'keyStore.password': 'its password',
    'keyStore.passwordPath': 'or the file of its password',
    'keyStore.type': 'its format',
    'trustStore.location': 'file of the trusted certificates',
    'trustStore.password': 'its password',
    'trustStore.passwordPath': 'or the file of its password',
    'trustStore.type': 'its format',
    protocol: 'version of TLS',
    enabledProtocols: 'versions of TLS',
    ciphersuites: 'ciphers',
    'context.supplier.class': 'Java class that makes the TLS context',
    hostnameVerification: 'check host names',
    crl: 'use revocation lists',
    ocsp: 'ask for revocation',
    clientAuth: 'none, want or need a certificate of the other side',
    handshakeDetectionTimeoutMillis: 'time to tell TLS from plain',
  } as const;
  const rows = Object.entries(names).map(([name, help]) => [
    `${prefix}.${name}`,
    later(text({ help: `${help} (${who})` })),
  ]);
  return Object.fromEntries(rows) as Record<`${P}.${keyof typeof names}`, Key<string | null>>;
}

const monitoring = {
  'admin.enableServer': later(bool({ default: false, help: 'HTTP commands' })),
  'admin.serverAddress': later(text({ default: '0.0.0.0', help: 'address of the HTTP port' })),
  'admin.serverPort': later(port({ default: 8080, help: 'the HTTP port' })),
  'admin.idleTimeout': later(
    int({ default: 30_000, min: 0, unit: 'ms', help: 'close an idle HTTP connection' }),
  ),
  'admin.commandURL': later(text({ default: '/commands', help: 'path of the commands' })),
  'admin.forceHttps': later(bool({ default: false, help: 'only HTTPS' })),
  'admin.portUnification': later(bool({ default: false, help: 'HTTP and HTTPS' })),
  'admin.httpVersion': unneeded({ help: 'HTTP version of Jetty' }),
  'metricsProvider.className': later(
    text({
      default: 'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
      help: 'a name with Prometheus turns its endpoint on',
    }),
  ),
  'metricsProvider.httpHost': later(text({ default: '0.0.0.0', help: 'address of that endpoint' })),
  'metricsProvider.httpPort': later(port({ default: 7000, help: 'port of that endpoint' })),
  'metricsProvider.exportJvmInfo': later(
    bool({ default: true, help: 'metrics of the process too' }),
  ),
  'metricsProvider.*': unneeded({ help: 'settings of other providers' }),
};

const javaOnly = {
  serverCnxnFactory: unneeded({ help: 'Java class of the client connections' }),
  advancedFlowControlEnabled: unneeded({
    property: 'netty.advancedFlowControl.enabled',
    help: 'flow control of Netty',
  }),
  'outstandingHandshake.limit': unneeded({
    property: 'netty.server.outstandingHandshake.limit',
    help: 'TLS handshakes in Netty',
  }),
  'netty.server.earlyDropSecureConnectionHandshakes': unneeded({ help: 'TLS handshakes in Netty' }),
  maxResponseCacheSize: unneeded({ help: 'cache of encoded replies' }),
  maxGetChildrenResponseCacheSize: unneeded({ help: 'cache of encoded lists' }),
  watchManagerName: unneeded({ help: 'Java class that keeps watches' }),
  watcherCleanThreadsNum: unneeded({ help: 'threads that clean watches' }),
  watcherCleanThreshold: unneeded({ help: 'when they clean' }),
  watcherCleanIntervalInSeconds: unneeded({ help: 'when they clean' }),
  maxInProcessingDeadWatchers: unneeded({ help: 'what they may leave' }),
  bitHashCacheSize: unneeded({ help: 'cache of a watch manager' }),
  'learner.closeSocketAsync': unneeded({ help: 'thread that closes sockets' }),
  'leader.closeSocketAsync': unneeded({ help: 'thread that closes sockets' }),
  'learner.asyncSending': unneeded({ help: 'thread that sends' }),
  forward_learner_requests_to_commit_processor_disabled: unneeded({ help: 'queue of a processor' }),
  'follower.skipLearnerRequestToNextProcessor': unneeded({ help: 'queue of a processor' }),
  'nio.numSelectorThreads': unneeded({ help: 'threads' }),
  'nio.numWorkerThreads': unneeded({ help: 'threads' }),
  'nio.directBufferBytes': unneeded({ help: 'memory of a thread' }),
  'nio.shutdownTimeout': unneeded({ help: 'threads' }),
  'nio.sessionlessCnxnTimeout': int({
    default: 10_000,
    min: 1,
    unit: 'ms',
    help: 'close a connection without a session',
  }),
  'commitProcessor.numWorkerThreads': unneeded({ help: 'threads' }),
  'commitProcessor.maxReadBatchSize': unneeded({ help: 'order of work between threads' }),
  'commitProcessor.maxCommitBatchSize': unneeded({ help: 'order of work between threads' }),
  'commitProcessor.shutdownTimeout': unneeded({ help: 'threads' }),
  'quorum.cnxn.threads.size': unneeded({ help: 'threads' }),
  'messageTracker.BufferSize': unneeded({ help: 'packets kept for the log' }),
  'messageTracker.Enabled': unneeded({ help: 'keep packets for the log' }),
  'jvm.pause.monitor': unneeded({ help: 'look for pauses of the Java machine' }),
  'jvm.pause.sleep.time.ms': unneeded({ help: 'how often' }),
  'jvm.pause.warn-threshold.ms': unneeded({ help: 'pause worth a warning' }),
  'jvm.pause.info-threshold.ms': unneeded({ help: 'pause worth a line' }),
};

/** All keys by section; a name that ends in `.*` stands for any suffix. */
export const sections = {
  'The basics': basics,
  'Log and snapshots': storage,
  Limits: limits,
  Features: features,
  'Access control': access,
  'The ensemble': membership,
  Encryption: encryption,
  Monitoring: monitoring,
  'Only for the Java server': javaOnly,
};

export const keys = {
  ...basics,
  ...storage,
  ...limits,
  ...features,
  ...access,
  ...membership,
  ...encryption,
  ...monitoring,
  ...javaOnly,
};

export type KeyName = keyof typeof keys;

/** The value of every key, as written in the file or by default. */
export type Values = {
  readonly [K in KeyName]: (typeof keys)[K] extends Key<infer T> ? T : never;
};

const byName = new Map<string, KeyName>();
for (const [name, row] of Object.entries(keys) as [KeyName, Key<unknown>][]) {
  byName.set(name, name);
  if (row.property !== null) byName.set(row.property, name);
}

/** Every name that a file can use, patterns and the `zookeeper.` forms left out. */
export const knownNames: readonly string[] = [...byName.keys()].filter((n) => !n.endsWith('*'));

/**
 * The key that a name in a file means, `null` if none.
 *
 * Apache turns every unknown name into the system property `zookeeper.<name>`, so the names of
 * the properties work there, and the guide lists some keys only by them: both are taken.
 */
export function keyNamed(written: string): KeyName | null {
  const name = written.replace(/^zookeeper\./, '');
  const exact = byName.get(name);
  if (exact !== undefined) return exact;
  const dot = name.indexOf('.');
  return dot > 0 ? (byName.get(`${name.slice(0, dot)}.*`) ?? null) : null;
}
