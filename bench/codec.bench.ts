// What one message costs to read or write: frames, requests, answers, the stat.
import { bench, describe } from 'vitest';
import { zxid } from '../src/base/ids.ts';
import { Reader, Writer } from '../src/wire/bytes.ts';
import {
  CreateRequest,
  GetDataResponse,
  PathWatchRequest,
  ReplyHeader,
} from '../src/wire/client.ts';
import { Stat } from '../src/wire/data.ts';
import { FrameResult, Frames } from '../src/wire/frames.ts';
import { OpCode, Perm } from '../src/wire/opcodes.ts';

const stat: Stat = {
  czxid: zxid(0x1_0000_0001n),
  mzxid: zxid(0x1_0000_0002n),
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_000_001,
  version: 3,
  cversion: 4,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 100,
  numChildren: 0,
  pzxid: zxid(0x1_0000_0001n),
};
const data = Buffer.alloc(100, 'x');
const create = {
  path: '/application/members/member-0000000042',
  data,
  acl: [{ perms: Perm.all, id: { scheme: 'world', id: 'anyone' } }],
  flags: 0,
};

function written(write: (out: Writer) => void): Buffer {
  const out = new Writer();
  write(out);
  return out.take();
}

/** 100 getData requests as a client sends them: the unit of most of what follows. */
const requests = written((out) => {
  for (let xid = 1; xid <= 100; xid++) {
    const start = out.beginFrame();
    out.int(xid);
    out.int(OpCode.getData);
    PathWatchRequest.write(out, { path: `/application/config/${xid}`, watch: false });
    out.endFrame(start);
  }
});

describe('frames', () => {
  const reader = new Reader();

  bench('split 100 getData requests', () => {
    const frames = new Frames(1024 * 1024);
    frames.push(requests);
    while (frames.next(reader) === FrameResult.frame);
    frames.keep();
  });

  bench('split and read 100 getData requests', () => {
    const frames = new Frames(1024 * 1024);
    frames.push(requests);
    while (frames.next(reader) === FrameResult.frame) {
      reader.int();
      reader.int();
      PathWatchRequest.read(reader);
    }
    frames.keep();
  });
});

describe('the answer to getData, 100 bytes', () => {
  const out = new Writer(4096);
  const answer = written((w) => {
    ReplyHeader.write(w, { xid: 1, zxid: zxid(7n), err: 0 });
    GetDataResponse.write(w, { data, stat });
  });
  const reader = new Reader();

  bench('write', () => {
    out.reset();
    const start = out.beginFrame();
    ReplyHeader.write(out, { xid: 1, zxid: zxid(7n), err: 0 });
    GetDataResponse.write(out, { data, stat });
    out.endFrame(start);
  });

  bench('read', () => {
    reader.reset(answer);
    ReplyHeader.read(reader);
    GetDataResponse.read(reader);
  });
});

describe('the stat', () => {
  const out = new Writer(256);
  const bytes = written((w) => Stat.write(w, stat));
  const reader = new Reader();

  bench('write', () => {
    Stat.write(out.reset(), stat);
  });

  bench('read', () => {
    Stat.read(reader.reset(bytes));
  });
});

describe('the request to create, 100 bytes', () => {
  const out = new Writer(4096);
  const bytes = written((w) => CreateRequest.write(w, create));
  const reader = new Reader();

  bench('write', () => {
    CreateRequest.write(out.reset(), create);
  });

  bench('read', () => {
    CreateRequest.read(reader.reset(bytes));
  });
});
