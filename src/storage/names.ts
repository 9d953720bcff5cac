/** Which label file belongs to which micrograph: equal base names, never substrings (docs/architecture.md, Conventions). */

import { basename } from 'node:path';

const EXTENSIONS = /\.(mrcs?(\.gz)?|png|jpe?g|tiff?|c?box|star|csv|json|cs|txt|tsv|eer)$/i;
/** cryoSPARC puts a number of 15 digits or more and an underscore before the names of its micrographs. */
const UID_PREFIX = /^\d{15,}_/;
const SUFFIX = /_(autopick|manualpick|automatch|picks|info)$/;

/** The name of a file once folder and extension are gone; dots inside the name stay. */
export function stem(file: string): string {
  return basename(file).replace(EXTENSIONS, '');
}

/** The stem without a cryoSPARC UID prefix and without the endings that pickers add: the name that labels are matched by. */
export function baseName(file: string): string {
  return stem(file).replace(SUFFIX, '').replace(UID_PREFIX, '');
}
