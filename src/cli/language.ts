// English or Chinese: the language of `help`.

export type Language = 'en' | 'zh';

/** From --lang, else from the locale variables of the environment; English for every other language. */
export function languageOf(
  wanted: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const locale =
    wanted ?? environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'];
  return locale?.toLowerCase().startsWith('zh') === true ? 'zh' : 'en';
}
