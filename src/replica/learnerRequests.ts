// What learners ask their leader for their clients: writes, sessions, syncs (Apache's LearnerHandler).
import { NO_SESSION } from '../base/ids.ts';
import { operations } from '../operations/index.ts';
import { Reader, WireError } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { type ForwardedRequest, fromData } from '../wire/quorum.ts';
import { int } from '../wire/record.ts';
import type { Asker, Deciding } from './deciding.ts';

const reader = new Reader();

/**
 * Takes a client's request that came over a link. `sync` is called for a sync, and what it returns
 * when that may be answered. Each request gets an answer: an Apache learner waits for them in the
 * order of asking, and behind one that never comes all its clients hang. Returns what is wrong with
 * the request, null if nothing is.
 */
export function takeRequest(
  deciding: Deciding,
  asker: Asker,
  { opcode, body }: ForwardedRequest,
  sync: () => () => void,
): string | null {
  switch (opcode) {
    case OpCode.sync:
      deciding.requestSync(sync());
      return null;
    case OpCode.createSession:
      return createSession(deciding, asker, body);
    case OpCode.closeSession:
      if (!deciding.isClosing(asker.session)) {
        deciding.closeSession(asker.session, null, asker.cxid);
        return null;
      }
      deciding.refuse(asker, opcode, ErrorCode.sessionExpired);
      return null;
  }
  const operation = operations.get(opcode);
  // The body lives on in the transaction until it is applied.
  if (operation?.kind === 'write')
    deciding.decide(asker, operation, reader.reset(Buffer.from(body)));
  else deciding.refuse(asker, opcode, ErrorCode.unimplemented);
  return null;
}

function createSession(deciding: Deciding, asker: Asker, body: Uint8Array): string | null {
  if (asker.session === NO_SESSION) return 'a session with the id 0';
  try {
    deciding.createSession(asker, fromData(int, body));
    return null;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return `a session without a timeout (${error.message})`;
  }
}
