// At a start: finishes a cut or a replacement of the history that a crash interrupted.
import { NO_ZXID } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { CUT_NAME, cutBegun, endCut, finishCut } from './cut.ts';
import { readEpochs } from './epochFiles.ts';
import { Marks } from './marks.ts';
import type { Place } from './recovery.ts';
import { finishReplacement, replacementsBegun } from './replacement.ts';

/** What was begun under another accepted epoch is not ours to finish: Apache has run here since. */
export function finishInterrupted(place: Place, logger: Logger): void {
  const { disk, snapDir, logDir } = place;
  const replacements = replacementsBegun(place);
  const isCutting = disk.list(logDir).includes(CUT_NAME);
  if (replacements.length === 0 && !isCutting) return;
  const { accepted } = readEpochs(disk, snapDir, NO_ZXID);
  const marks = new Marks(disk, logDir);
  marks.load();
  for (const replacement of replacements) {
    const { name, epoch } = replacement;
    if (epoch === accepted) {
      logger.info(`${snapDir}/${name}: finishing the restart that was interrupted`);
      finishReplacement(place, replacement, marks, logger);
      continue;
    }
    disk.rename(`${snapDir}/${name}`, `${snapDir}/lost-${name}`);
    disk.syncDir(snapDir);
    logger.warn(`${snapDir}/${name}: another server went on here since; set aside as lost-${name}`);
  }
  if (!isCutting) return;
  const cut = cutBegun(place);
  if (cut?.epoch === accepted) {
    finishCut(place, cut, marks, logger);
    return;
  }
  const why = cut === null ? 'it is damaged' : 'another server went on here since';
  logger.warn(`${logDir}/${CUT_NAME}: ignored, ${why}`);
  endCut(place);
}
