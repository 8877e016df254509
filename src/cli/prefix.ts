// What may stand before a command: `@name` chooses the session, `!Error` says that it has to fail.

import { nearest } from '../base/suggest.ts';
import { isErrorName } from '../client/errors.ts';
import { usageError } from './cliError.ts';
import type { Word } from './tokenizer.ts';

export interface Prefixed {
  /** Name of the session, undefined for the current one. */
  readonly session: string | undefined;
  /** Name of the error that has to come, '' for any, undefined for none. */
  readonly expected: string | undefined;
  readonly words: readonly Word[];
}

/** Codes of failures that the shell itself finds. */
const OWN_CODES = [
  'Usage',
  'BadPath',
  'NotConnected',
  'Timeout',
  'UnknownCommand',
  'Partial',
  'Lab',
];

function checkErrorName(name: string): void {
  if (name === '' || isErrorName(name) || OWN_CODES.includes(name)) return;
  const near = nearest(name, [...COMMON, ...OWN_CODES]);
  throw usageError(`Unknown error name: ${name}${near === null ? '' : ` (did you mean ${near}?)`}`);
}

const COMMON = [
  'NoNode',
  'NodeExists',
  'NotEmpty',
  'BadVersion',
  'NoAuth',
  'InvalidACL',
  'NoChildrenForEphemerals',
  'BadArguments',
  'ConnectionLoss',
  'SessionExpired',
  'AuthFailed',
  'NoWatcher',
  'QuotaExceeded',
];

/** Both prefixes in any order, each at most once; throws a usage error for a name that no error has. */
export function readPrefixes(words: readonly Word[]): Prefixed {
  let session: string | undefined;
  let expected: string | undefined;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at];
    if (word === undefined || word.quoted) break;
    if (word.text.startsWith('@') && session === undefined) {
      session = word.text.slice(1);
      if (!/^[\w.-]+$/.test(session)) {
        throw usageError(`Not a session name: ${word.text} (letters, digits, . _ - after the @)`);
      }
    } else if (word.text.startsWith('!') && expected === undefined) {
      expected = word.text.slice(1);
      checkErrorName(expected);
    } else {
      break;
    }
  }
  return { session, expected, words: words.slice(at) };
}
