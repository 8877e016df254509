// The header that precedes each transaction in log entries and proposals.
import { type SessionId, sessionId, type Zxid, zxid } from '../base/ids.ts';
import type { Reader, Writer } from '../wire/bytes.ts';

export interface TxnHeader {
  readonly clientId: SessionId;
  readonly cxid: number;
  readonly zxid: Zxid;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly type: number;
}

export const readHeader = (r: Reader): TxnHeader => ({
  clientId: sessionId(r.long()),
  cxid: r.int(),
  zxid: zxid(r.long()),
  time: r.longAsNumber(),
  type: r.int(),
});

export function writeHeader(w: Writer, header: TxnHeader): void {
  w.long(header.clientId);
  w.int(header.cxid);
  w.long(header.zxid);
  w.longFromNumber(header.time);
  w.int(header.type);
}
