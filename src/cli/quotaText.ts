// The text in quota znodes (Apache's StatsTrack): `count=2,bytes=-1=;byteHardLimit=-1;countHardLimit=-1`.

export type Limit = 'count' | 'bytes' | 'countHardLimit' | 'byteHardLimit';
/** Also holds keys that a newer version may have written. */
export type Limits = Map<string, number>;

export function parseLimits(text: string): Limits {
  const limits: Limits = new Map();
  for (const pair of text.split(/[,;]+/)) {
    const [key = '', value = ''] = pair.split('=');
    if (key !== '') limits.set(key, value === '' ? -1 : Number(value));
  }
  return limits;
}

/** The two old keys first; the lone `=` makes servers before 3.7 stop there. */
export function writeLimits(limits: Limits): string {
  const first = `count=${limits.get('count') ?? -1},bytes=${limits.get('bytes') ?? -1}`;
  const others = [...limits.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort();
  if (others.length === 0) return first;
  return `${first}=${others.map((key) => `;${key}=${limits.get(key)}`).join('')}`;
}
