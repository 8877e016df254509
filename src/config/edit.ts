// Rewrites a configuration for a membership that has changed: what stands in the dynamic file goes out of it.
import { parseLines } from 'dot-properties';
import { isEnsembleKey } from './ensemble.ts';

interface Node {
  readonly type: string;
  readonly key?: string;
  readonly range: readonly number[];
}

/**
 * The text with `dynamicConfigFile` set and without the membership, and the client's address if that
 * stands in the dynamic file now (QuorumPeerConfig.editStaticConfig). All else, comments too, stays.
 */
export function withDynamicFile(
  text: string,
  dynamicFile: string,
  options: { readonly dropsClient: boolean },
): string {
  const goes = (key: string): boolean =>
    isEnsembleKey(key) ||
    key === 'dynamicConfigFile' ||
    key === 'peerType' ||
    (options.dropsClient && (key === 'clientPort' || key === 'clientPortAddress'));
  let kept = '';
  let from = 0;
  for (const node of parseLines(text, true) as Node[]) {
    if (node.type !== 'PAIR' || !goes((node.key ?? '').trim())) continue;
    const start = text.lastIndexOf('\n', (node.range[0] ?? 0) - 1) + 1;
    const end = text.indexOf('\n', node.range.at(-1));
    kept += text.slice(from, start);
    from = end === -1 ? text.length : end + 1;
  }
  kept += text.slice(from);
  const gap = kept === '' || kept.endsWith('\n') ? '' : '\n';
  return `${kept}${gap}dynamicConfigFile=${dynamicFile}\n`;
}
