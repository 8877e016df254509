// Addresses and networks of the `ip` scheme, IPv4 and IPv6 (Apache's knows IPv4 only, ZOOKEEPER-4240).

/** 4 or 16 bytes of an address in text, null if it is none. A zone (`%eth0`) is ignored. */
export function parseAddress(text: string): number[] | null {
  if (!text.includes(':')) return parseV4(text);
  const zone = text.indexOf('%');
  const bytes = parseV6(zone === -1 ? text : text.substring(0, zone));
  // An IPv4 client on a dual-stack socket is an IPv4 client.
  if (bytes?.slice(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 255))) return bytes.slice(12);
  return bytes;
}

function parseV4(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes: number[] = [];
  for (const part of parts) {
    const value = parseDecimal(part);
    if (value === null || value > 255) return null;
    bytes.push(value);
  }
  return bytes;
}

function parseV6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const left = parseGroups(halves[0] ?? '');
  const right = parseGroups(halves[1] ?? '');
  if (left === null || right === null) return null;
  const missing = 16 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return [...left, ...new Array<number>(missing).fill(0), ...right];
}

function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (i === groups.length - 1 && group.includes('.')) {
      const v4 = parseV4(group);
      if (v4 === null) return null;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

const parseDecimal = (text: string): number | null =>
  /^\d{1,9}$/.test(text) ? Number(text) : null;

/** An address as Java prints it: IPv4 dotted, IPv6 as eight groups without leading zeros. */
export function formatAddress(text: string): string {
  const bytes = parseAddress(text);
  if (bytes === null) return text;
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push((((bytes[i] as number) << 8) | (bytes[i + 1] as number)).toString(16));
  }
  return groups.join(':');
}

interface Network {
  bytes: number[];
  bits: number;
}

/** `address` or `address/bits`; null if it is neither. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash === -1 ? text : text.substring(0, slash));
  if (bytes === null) return null;
  const most = bytes.length * 8;
  const bits = slash === -1 ? most : parseDecimal(text.substring(slash + 1));
  return bits === null || bits > most ? null : { bytes, bits };
}

/** Whether `address` lies in `network` (`address` or `address/bits`). */
export function isInNetwork(address: string, network: string): boolean {
  const net = parseNetwork(network);
  const bytes = parseAddress(address);
  if (net === null || bytes === null || bytes.length !== net.bytes.length) return false;
  for (let i = 0, left = net.bits; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 255 : (255 << (8 - left)) & 255;
    if ((((bytes[i] as number) ^ (net.bytes[i] as number)) & mask) !== 0) return false;
  }
  return true;
}
