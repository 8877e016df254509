// Dates as Java's Date.toString() prints them, which is what stat blocks of zkCli show.
import { ZONE_NAMES } from './zoneNames.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

interface ZoneNames {
  readonly standard: string;
  readonly summer: string;
}

let byZone: Map<string, ZoneNames> | undefined;

function namesOf(timeZone: string): ZoneNames | undefined {
  if (byZone === undefined) {
    byZone = new Map();
    for (const [names, zones] of Object.entries(ZONE_NAMES)) {
      const [standard = '', summer = ''] = names.split(' ');
      for (const zone of zones.split(' ')) byZone.set(zone, { standard, summer });
    }
  }
  return byZone.get(timeZone);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** The wall clock of a zone at `ms`, as if it were UTC. */
function wallClock(ms: number, timeZone: string): number {
  const field: Record<string, number> = {};
  for (const part of formatterFor(timeZone).formatToParts(ms)) {
    field[part.type] = Number(part.value);
  }
  return Date.UTC(
    field['year'] ?? 0,
    (field['month'] ?? 1) - 1,
    field['day'] ?? 1,
    field['hour'] ?? 0,
    field['minute'] ?? 0,
    field['second'] ?? 0,
  );
}

const offsetMinutes = (ms: number, timeZone: string): number =>
  Math.round((wallClock(ms, timeZone) - Math.floor(ms / 1000) * 1000) / 60_000);

/** The smaller offset of a winter and a summer day of that year; Java counts Irish winter time as standard too. */
function standardOffset(ms: number, timeZone: string): number {
  const year = new Date(ms).getUTCFullYear();
  return Math.min(
    offsetMinutes(Date.UTC(year, 0, 1), timeZone),
    offsetMinutes(Date.UTC(year, 6, 1), timeZone),
  );
}

const two = (n: number): string => String(n).padStart(2, '0');

function zoneLabel(ms: number, timeZone: string): string {
  const offset = offsetMinutes(ms, timeZone);
  const names = namesOf(timeZone);
  if (names !== undefined) {
    return offset > standardOffset(ms, timeZone) ? names.summer : names.standard;
  }
  const size = Math.abs(offset);
  return `GMT${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The zone of this process: `TZ`, else that of the system. */
export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * `Sat Nov 21 02:50:30 UTC 2026`: English names and the abbreviation of the zone (JavaScript alone would print GMT+8
 * for Shanghai, where Java prints CST).
 */
export function javaDate(ms: number, timeZone: string = localZone()): string {
  const wall = new Date(wallClock(ms, timeZone));
  const time = `${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}:${two(wall.getUTCSeconds())}`;
  const day = `${DAYS[wall.getUTCDay()]} ${MONTHS[wall.getUTCMonth()]} ${two(wall.getUTCDate())}`;
  return `${day} ${time} ${zoneLabel(ms, timeZone)} ${wall.getUTCFullYear()}`;
}
