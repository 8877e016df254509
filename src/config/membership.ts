// Rules that need all server lines at once: quorums, groups, and which of the servers this one is.
import type { Ensemble, EnsembleServer } from './ensemble.ts';
import type { Report } from './report.ts';

/** Participants vote; observers only follow. */
export function participantsOf(ensemble: Ensemble): EnsembleServer[] {
  return ensemble.servers.filter((server) => server.role === 'participant');
}

/** Checks of QuorumPeerConfig.parseDynamicConfig and QuorumHierarchical; `at` is the file. */
export function checkEnsemble(
  ensemble: Ensemble,
  options: { standaloneEnabled: boolean; extendedTypesEnabled: boolean },
  at: string,
  report: Report,
): void {
  const voters = participantsOf(ensemble).length;
  const observers = ensemble.servers.length - voters;
  if (voters === 0 && !options.standaloneEnabled) {
    report.error(at, 'standaloneEnabled=false needs at least one server line of a participant');
  } else if (voters === 0 && observers > 0) {
    report.error(at, 'observers without participants are not an ensemble');
  } else if (voters === 1 && options.standaloneEnabled) {
    if (observers > 0) {
      report.error(at, 'observers with one participant need standaloneEnabled=false');
    } else {
      report.warn(at, 'only one server line: it is ignored, this is a standalone server');
    }
  } else if (voters === 2) {
    report.warn(at, 'two servers tolerate no failure; at least three are needed for that');
  } else if (voters > 2 && voters % 2 === 0) {
    report.warn(at, `${voters} participants tolerate no more failures than ${voters - 1}`);
  }
  checkAddresses(ensemble, report);
  checkIds(ensemble, options.extendedTypesEnabled, report);
  checkGroups(ensemble, at, report);
}

/** Two servers cannot listen in one place: the second would never come up, or take the other's peers. */
function checkAddresses(ensemble: Ensemble, report: Report): void {
  const takenBy = new Map<string, number>();
  for (const { id, addresses, at } of ensemble.servers) {
    const places = addresses.flatMap(({ host, peerPort, electionPort }) =>
      [peerPort, electionPort].filter((port) => port !== 0).map((port) => `${host}:${port}`),
    );
    for (const place of new Set(places)) {
      const other = takenBy.get(place);
      if (other !== undefined) {
        report.error(at, `server.${id} has ${place}, which is server.${other}'s already`);
      }
      takenBy.set(place, id);
    }
  }
}

/** The id is the top byte of every session id; 255 there marks TTL znodes (EphemeralType). */
function checkIds(ensemble: Ensemble, extendedTypes: boolean, report: Report): void {
  for (const { id, at } of ensemble.servers) {
    if (extendedTypes && id > 254) {
      report.error(at, `with extendedTypesEnabled a server number must be at most 254, got ${id}`);
    } else if (id > 255) {
      report.warn(at, `server number ${id} is above 255: sessions may get the ids of others`);
    }
  }
}

function checkGroups(ensemble: Ensemble, at: string, report: Report): void {
  if (ensemble.groups.length === 0 && ensemble.weights.size === 0) return;
  const grouped = new Set(ensemble.groups.flatMap((group) => group.members));
  const known = new Set(ensemble.servers.map((server) => server.id));
  for (const server of participantsOf(ensemble)) {
    if (!grouped.has(server.id)) report.error(server.at, `server ${server.id} is in no group`);
  }
  for (const id of grouped) {
    if (!known.has(id)) report.error(at, `a group names server ${id}, which has no server line`);
  }
  for (const id of ensemble.weights.keys()) {
    if (!known.has(id)) report.error(at, `weight.${id} is for a server that has no server line`);
  }
}
