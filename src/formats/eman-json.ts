/**
 * EMAN2's `info/NAME_info.json`: the key `boxes` holds `[x, y, type]` or `[x, y, type, score]`, centres in full-size pixels
 *. Written into an existing file, only the boxes of earlier automatic picking are replaced.
 */

import { z } from 'zod';
import { type CoordinateFormat, scoredParticle, textReader } from './coordinate-format.js';

/** The type under which e2boxer shows the picks of a network. */
const TYPE = 'auto_convnet';

const coordinate = z.number();
/** An older network picker wrote the score as a pair. */
const score = z.union([z.number(), z.array(z.number()).min(1)]);
const infoSchema = z.looseObject({
  boxes: z.array(z.tuple([coordinate, coordinate], z.union([z.string(), score, z.null()]))).optional(),
});
type Info = z.infer<typeof infoSchema>;

export const emanJsonFormat: CoordinateFormat = {
  name: 'eman-json',
  summary: 'EMAN2: boxes of info/NAME_info.json: centres; other keys stay',
  extensions: ['_info.json'],
  tolerance: 1e-3,
  read: textReader((text) =>
    (parseInfo(text).boxes ?? []).map(([x, y, ...rest]) => {
      const value = rest[1];
      const score = Array.isArray(value) ? value[0] : value;
      return { micrograph: null, particle: scoredParticle(x, y, typeof score === 'number' ? score : undefined) };
    }),
  ),
  perMicrograph: {
    path: (stem) => `info/${stem}_info.json`,
    holdsProvenance: false,
    merges: true,
    write({ particles }, { existing }) {
      const info = existing === null ? {} : parseInfo(existing);
      const kept = (info.boxes ?? []).filter((box) => box[2] !== TYPE);
      const rounded = (value: number) => Number(value.toFixed(3));
      const boxes = particles.map(({ x, y, score }) => {
        const box = [rounded(x), rounded(y), TYPE];
        return score === undefined ? box : [...box, Number(score.toFixed(6))];
      });
      return `${JSON.stringify({ ...info, boxes: [...kept, ...boxes] }, null, 1)}\n`;
    },
  },
};

/** @throws SyntaxError if the text is not such a file */
function parseInfo(text: string): Info {
  const parsed = infoSchema.safeParse(JSON.parse(text.replace(/^\uFEFF/, '')));
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new SyntaxError(`${path.join('.') || 'the file'}: ${message}`);
}
