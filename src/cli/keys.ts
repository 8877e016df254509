// Keys as node:readline's parser tells them.
import type { Key } from 'node:readline';

export interface Keypress {
  /** Absent for keys that write nothing. */
  readonly text: string | undefined;
  readonly key: Key;
}

export const isControl = ({ key }: Keypress, letter: string): boolean =>
  key.ctrl === true && key.meta !== true && key.name === letter;

/** A key without Ctrl, Alt and Shift. */
export const isPlain = ({ key }: Keypress, name: string): boolean =>
  key.name === name && key.ctrl !== true && key.meta !== true && key.shift !== true;

export const isEnter = ({ key }: Keypress): boolean =>
  key.name === 'return' || key.name === 'enter';

/** True for a character to be inserted, false for controls and combinations. */
export const isPrintable = ({ text, key }: Keypress): boolean =>
  text !== undefined && key.ctrl !== true && key.meta !== true && !/\p{Cc}/u.test(text);
