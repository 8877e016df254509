// Help texts out of the commands' own tables, in English or Chinese.
import type { Command, CommandGroup, Json } from './command.ts';
import type { Language } from './language.ts';

const GROUPS: Readonly<Record<CommandGroup, { en: string; zh: string }>> = {
  read: { en: 'Read', zh: '读取' },
  write: { en: 'Write', zh: '写入' },
  watch: { en: 'Watches', zh: '监视点' },
  access: { en: 'Access and limits', zh: '权限与配额' },
  session: { en: 'Session', zh: '会话' },
  shell: { en: 'Shell', zh: '命令行' },
};

const GROUP_ORDER: readonly CommandGroup[] = [
  'read',
  'write',
  'watch',
  'access',
  'session',
  'shell',
];

const FOOTER = {
  en: [
    'help <command> shows options and examples.  Before any command:',
    '  @name       run it in the session of that name; alone: switch to it',
    '  !NodeExists it has to fail with that error; ! alone: with any',
  ],
  zh: [
    'help <命令> 显示选项和示例。任何命令之前可以写：',
    '  @名称        在该名称的会话中执行（首次使用时建立）；单独使用则切换到该会话',
    '  !NodeExists  该命令必须以此错误失败；单独的 ! 表示任何错误',
  ],
} as const;

const namesOf = (command: Command): string => [command.name, ...(command.aliases ?? [])].join(', ');
const summaryOf = (command: Command, language: Language): string =>
  language === 'zh' ? command.zh : command.summary;

/** All commands on one screen of 80 columns. */
export function overview(commands: readonly Command[], language: Language): string {
  const lines: string[] = [];
  for (const group of GROUP_ORDER) {
    lines.push(GROUPS[group][language]);
    for (const command of commands.filter((row) => row.group === group)) {
      lines.push(`  ${namesOf(command).padEnd(21)} ${summaryOf(command, language)}`);
    }
  }
  return [...lines, '', ...FOOTER[language]].join('\n');
}

function rows(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

/** Usage, options and examples of one command. */
export function commandHelp(command: Command, language: Language): string {
  const isChinese = language === 'zh';
  const lines = [`${namesOf(command)} - ${summaryOf(command, language)}`, ''];
  lines.push(`  ${command.usage}`);
  if (command.options.length > 0) {
    const pairs = command.options.map((option) => {
      const flags = option.flags.join(', ');
      const left = option.value === undefined ? flags : `${flags} ${option.value.name}`;
      return [left, isChinese ? option.zh : option.summary] as const;
    });
    lines.push('', isChinese ? '选项' : 'Options', ...rows(pairs));
  }
  const detail = isChinese ? command.detailZh : command.detail;
  if (detail !== undefined) lines.push('', detail);
  lines.push('', isChinese ? '示例' : 'Examples');
  lines.push(...command.examples.map((example) => `  ${example}`));
  return lines.join('\n');
}

export const helpJson = (command: Command): { readonly [key: string]: Json } => ({
  name: command.name,
  aliases: command.aliases ?? [],
  group: command.group,
  usage: command.usage,
  summary: command.summary,
  zh: command.zh,
  options: command.options.map((option) => ({
    flags: option.flags,
    value: option.value?.name ?? null,
    summary: option.summary,
    zh: option.zh,
  })),
  examples: command.examples,
});
