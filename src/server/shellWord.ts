// Words of commands that a user can copy into a shell as they stand.

/** In quotes where a shell would take it apart. */
export const shellWord = (text: string): string =>
  /^[\w./@:=+-]+$/.test(text) ? text : quotedWord(text);

export const quotedWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
