// What learners ask their leader for their clients: writes, sessions, syncs (Apache's LearnerHandler).
import { NO_SESSION, type SessionId } from '../base/ids.ts';
import type { LinkId } from '../consensus/events.ts';
import { operations } from '../operations/index.ts';
import { Reader, WireError } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import type { QuorumPacket } from '../wire/quorum.ts';
import type { Asker, Deciding } from './deciding.ts';

const reader = new Reader();

/**
 * Takes a REQUEST: `data` is session, cxid, opcode and the request's body. `sync` is called for a
 * sync, and what it returns when that may be answered. Each request gets an answer: an Apache learner
 * waits for them in the order of asking, and behind one that never comes all its clients hang. Returns what is wrong with the packet, null if nothing is.
 */
export function takeRequest(
  deciding: Deciding,
  link: LinkId,
  { data, authinfo }: QuorumPacket,
  sync: () => () => void,
): string | null {
  // The body lives on in the transaction until it is applied.
  const r = reader.reset(Buffer.from(data ?? []));
  try {
    const session = r.long() as SessionId;
    const cxid = r.int();
    const opcode = r.int();
    const asker = { session, cxid, owner: link, ids: authinfo ?? [], connection: null };
    return take(deciding, asker, opcode, r, sync);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return `malformed request (${error.message})`;
  }
}

function take(
  deciding: Deciding,
  asker: Asker,
  opcode: number,
  r: Reader,
  sync: () => () => void,
): string | null {
  switch (opcode) {
    case OpCode.sync:
      deciding.requestSync(sync());
      return null;
    case OpCode.createSession:
      if (asker.session === NO_SESSION) return 'a session with the id 0';
      deciding.createSession(asker, r.int());
      return null;
    case OpCode.closeSession:
      if (deciding.isClosing(asker.session))
        deciding.refuse(asker, opcode, ErrorCode.sessionExpired);
      else deciding.closeSession(asker.session, null, asker.cxid);
      return null;
  }
  const operation = operations.get(opcode);
  if (operation?.kind === 'write') deciding.decide(asker, operation, r);
  else deciding.refuse(asker, opcode, ErrorCode.unimplemented);
  return null;
}
