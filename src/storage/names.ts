/** Names of files: what is left without folder and ending, and the base name of the field's conventions. */

import { basename } from 'node:path';
import { COORDINATE_ENDINGS } from '../formats/coordinates.js';

/** Of micrographs and of coordinates. */
const EXTENSIONS = new RegExp(
  `\\.(mrcs?(\\.gz)?|png|jpe?g|tiff?|eer|${COORDINATE_ENDINGS.map((ending) => ending.slice(1)).join('|')})$`,
  'i',
);
/** cryoSPARC puts a number of 15 digits or more and an underscore before the names of its micrographs. */
const UID_PREFIX = /^(\d{15,})_/;
/** Endings that pickers add to the names of micrographs. */
export const SUFFIX = /_(autopick|manualpick|automatch|picks|info)$/;

/** The name of a file once folder and extension are gone, in Unicode's composed form; dots inside the name stay. */
export function stem(file: string): string {
  return basename(file).replace(EXTENSIONS, '').normalize('NFC');
}

/** The stem without a cryoSPARC UID prefix and without the endings that pickers add: the name that labels are matched by. */
export function baseName(file: string): string {
  return stem(file).replace(SUFFIX, '').replace(UID_PREFIX, '');
}

/** The UID that cryoSPARC put before a name, or null. */
export function uidOf(name: string): string | null {
  return UID_PREFIX.exec(name)?.[1] ?? null;
}
