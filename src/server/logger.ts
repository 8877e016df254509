// The server's log on winston: Apache's line pattern or JSON, to the console and to a rotated file.
import { closeSync, openSync } from 'node:fs';
import { createLogger as createWinston, format, transports, type Logger as Winston } from 'winston';
import type { Logger } from '../base/logger.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFormat = 'text' | 'json';

export interface LogOptions {
  readonly level?: LogLevel;
  readonly format?: LogFormat;
  /** Lines go to this file, and only errors to the console. */
  readonly file?: string;
  /** Printed in every line; known once the configuration is read. */
  readonly myid?: number | null;
  /** The console; stdout by default. */
  readonly console?: NodeJS.WritableStream;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A log that can change its level while it runs, and must be closed to be complete on disk. */
export interface ServerLogger extends Logger {
  setLevel(level: LogLevel): void;
  /** Resolves when all lines are written. */
  close(): Promise<void>;
}

const FILE_BYTES = 64 * 1024 * 1024;
const FILES = 5;

/** Lines before a server is up carry this name, as Apache's main class does. */
const ROOT_NAME = 'QuorumPeerMain';

/**
 * Importing this module costs about 28 ms, nearly all of it winston: only a server does it.
 *
 * @throws when the log file cannot be written
 */
export function createLogger(options: LogOptions = {}): ServerLogger {
  const now = options.now ?? Date.now;
  const stream = options.console ?? process.stdout;
  // A reader that went away (`| head`) ends a command, but must not end a server.
  stream.removeAllListeners('error').on('error', () => undefined);
  const toConsole = new transports.Stream({
    stream,
    ...(options.file === undefined ? {} : { level: 'error' }),
  });
  // winston takes another name when it cannot open the file; this throws and names it.
  if (options.file !== undefined) closeSync(openSync(options.file, 'a'));
  const toFile =
    options.file === undefined
      ? []
      : [
          new transports.File({
            filename: options.file,
            maxsize: FILE_BYTES,
            maxFiles: FILES,
            tailable: true,
          }),
        ];
  const myid = options.myid ?? null;
  const line = options.format === 'json' ? jsonLine(myid, now) : textLine(myid, now);
  const winston = createWinston({
    level: options.level ?? 'info',
    format: format.printf(({ level, name, message }) => line(level, String(name), String(message))),
    transports: [toConsole, ...toFile],
  });
  // A full disk takes the file away; the server goes on and the console says so.
  winston.on('error', (error: Error) => {
    stream.write(`${line('error', ROOT_NAME, `log file ${options.file}: ${error.message}`)}\n`);
  });
  return {
    ...named(winston, ROOT_NAME),
    setLevel(level) {
      winston.level = level;
    },
    close: () => close(winston),
  };
}

function named(winston: Winston, name: string): Logger {
  return {
    // winston formats a message before it asks whether anybody wants it: 20 us for each session.
    debug: (message) => void (winston.isDebugEnabled() && winston.log('debug', message, { name })),
    info: (message) => void winston.log('info', message, { name }),
    warn: (message) => void winston.log('warn', message, { name }),
    error: (message) => void winston.log('error', message, { name }),
    child: (childName) => named(winston, childName),
  };
}

/** The logger ends before its file does: the file's own end is the one to wait for. */
async function close(winston: Winston): Promise<void> {
  const files = winston.transports.filter((transport) => transport instanceof transports.File);
  const written = files.map((file) => new Promise((resolve) => file.once('finish', resolve)));
  winston.end();
  await Promise.all(written);
}

type Line = (level: string, name: string, message: string) => string;

/** `2026-11-21 03:11:26,270 [myid:2] - INFO  [Class] - message`, in local time as log4j does. */
function textLine(myid: number | null, now: () => number): Line {
  const id = `[myid:${myid ?? ''}]`;
  return (level, name, message) => {
    const time = localTime(new Date(now()));
    return `${time} ${id} - ${level.toUpperCase().padEnd(5)} [${name}] - ${printable(message)}`;
  };
}

function jsonLine(myid: number | null, now: () => number): Line {
  return (level, name, message) => {
    const time = new Date(now()).toISOString();
    return JSON.stringify({ time, level, ...(myid === null ? {} : { myid }), name, message });
  };
}

function localTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** What a client sent can be part of a message: it must not forge lines or steer a terminal. */
function printable(message: string): string {
  return message
    .replaceAll('\n', '\n    ')
    .replace(/[\p{Cc}]/gu, (char) =>
      char === '\n' || char === '\t'
        ? char
        : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
}
