// Data of znodes on its way in and out: text, base64, hex, files, standard input.
import { usageError } from './cliError.ts';
import type { CommandContext, OptionSpec, ParsedArgs } from './command.ts';
import { readNamedFile } from './files.ts';

/** Options of `create` and `set` that say what the data word is. */
export const DATA_FORMS: readonly OptionSpec[] = [
  { flags: ['-b'], summary: 'data is base64', zh: '数据为 base64' },
  { flags: ['-x'], summary: 'data is hexadecimal', zh: '数据为十六进制' },
];
export const FROM_FILE: OptionSpec = {
  flags: ['-f'],
  value: { name: 'file', kind: 'file' },
  summary: 'take the data from a file',
  zh: '从文件读取数据',
};

function decode(text: string, args: ParsedArgs): Buffer {
  if (args.has('-b')) {
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw usageError(`Not base64: ${text}`);
    return Buffer.from(text, 'base64');
  }
  if (args.has('-x')) {
    const digits = text.replaceAll(/[\s:]/g, '');
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw usageError(`Not hexadecimal: ${text}`);
    return Buffer.from(digits, 'hex');
  }
  return Buffer.from(text, 'utf8');
}

/** The bytes for a `create` or `set` line whose data is operand `index`; null when there are none. */
export async function dataOf(
  context: CommandContext,
  args: ParsedArgs,
  index: number,
): Promise<Buffer | null> {
  const file = args.value('-f');
  const text = args.operands[index];
  if (file !== undefined) {
    if (text !== undefined) throw usageError(`Data twice: ${text} and the file ${file}`);
    return await readNamedFile(file);
  }
  if (text === undefined) return null;
  if (text === '-' && !args.isQuoted(index)) {
    const bytes = await context.shell.readStdin();
    return args.has('-b') || args.has('-x') ? decode(bytes.toString('latin1').trim(), args) : bytes;
  }
  return decode(text, args);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that the bytes are in UTF-8, undefined when they are not. */
export function textOf(data: Uint8Array): string | undefined {
  try {
    return utf8.decode(data);
  } catch {
    return undefined;
  }
}

type DataJson = { data: string | null } | { data_base64: string } | { data_hex: string };

/** As `-b` or `-x` asks for it; else text as `data`, other bytes as `data_base64`. */
export function dataJson(data: Buffer | null, form?: string): DataJson {
  if (data === null) return { data: null };
  if (form === '-b') return { data_base64: data.toString('base64') };
  if (form === '-x') return { data_hex: data.toString('hex') };
  const text = textOf(data);
  return text === undefined ? { data_base64: data.toString('base64') } : { data: text };
}

/**
 * Control bytes made visible, so that data cannot steer a terminal; tabs and line ends stay. A lone
 * return is none: what follows it would hide the line.
 */
export const escapeControls = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\r(?!\n)/g, (char) => {
    const code = char.charCodeAt(0);
    return `\\x${code.toString(16).padStart(2, '0')}`;
  });

/** Rows of 16 bytes: offset, hex, text. */
export function hexDump(data: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < data.length; at += 16) {
    const row = Buffer.from(data.subarray(at, at + 16));
    const digits = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
    rows.push(`${at.toString(16).padStart(8, '0')}  ${digits.padEnd(47)}  ${text}`);
  }
  return rows.join('\n');
}
