// Reads about the session itself: ping, sync, whoAmI, getEphemerals.
import { GetEphemeralsRequest, PathRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { record } from '../wire/record.ts';
import { read } from './operation.ts';

const Nothing = record({});

export const ping = read({
  opcode: OpCode.ping,
  label: 'PING',
  request: Nothing,
  answer: () => ErrorCode.ok,
});

/** The replica holds it back until all that was proposed before it has been applied. */
export const sync = read<PathRequest>({
  opcode: OpCode.sync,
  label: 'SYNC',
  request: PathRequest,
  answer({ path }, _context, writer) {
    writer.string(path);
    return ErrorCode.ok;
  },
});

/** Names only: of a digest the part before the colon (Apache's AuthUtil.getClientInfos). */
export const whoAmI = read({
  opcode: OpCode.whoAmI,
  label: 'HOMI',
  request: Nothing,
  answer(_request, { ids }, writer) {
    writer.int(ids.length);
    for (const { scheme, id } of ids) {
      writer.string(scheme);
      writer.string(scheme === 'digest' ? (id ?? '').replace(/:.*/s, '') : id);
    }
    return ErrorCode.ok;
  },
});

export const getEphemerals = read({
  opcode: OpCode.getEphemerals,
  label: 'GETE',
  request: GetEphemeralsRequest,
  answer({ prefixPath }, { state, session }, writer) {
    const prefix = (prefixPath ?? '').trim();
    const isAll = prefix === '' || prefix === '/';
    const paths = [...(state.tree.ephemerals.get(session) ?? [])].filter(
      (path) => isAll || path.startsWith(prefixPath ?? ''),
    );
    writer.int(paths.length);
    for (const path of paths) writer.string(path);
    return ErrorCode.ok;
  },
});
