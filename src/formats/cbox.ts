/**
 * crYOLO's `.cbox`: STAR with the block `data_cryolo`, whose `_CoordinateX/Y` are the corner with the smallest column and row;
 * missing values are `<NA>`. The oldest `.cbox` are bare lines like those of `.box`. Boxes below
 * crYOLO's threshold are in the file too: filter by score.
 */

import { readBoxes } from './box.js';
import {
  type CoordinateFormat,
  type CoordinateRecord,
  parseNumber,
  scoredParticle,
  scoreText,
  textReader,
} from './coordinate-format.js';
import { labelIndex, parseStar, writeStar } from './star.js';

const LABELS = [
  'CoordinateX',
  'CoordinateY',
  'CoordinateZ',
  'Width',
  'Height',
  'Depth',
  'EstWidth',
  'EstHeight',
  'Confidence',
  'NumBoxes',
  'Angle',
];
const MISSING = '<NA>';

export const cboxFormat: CoordinateFormat = {
  name: 'cbox',
  summary: 'crYOLO: the corner, with size and confidence',
  extensions: ['.cbox'],
  needsBox: true,
  tolerance: 1e-3,
  read: textReader((text) => (/^\s*data_/m.test(text) ? readCbox(text) : readBoxes(text))),
  perMicrograph: {
    path: (stem) => `${stem}.cbox`,
    holdsProvenance: true,
    write({ particles, box }, { provenance }) {
      const size = box.toFixed(1);
      const rows = particles.map(({ x, y, score }) => [
        ...[(x - box / 2).toFixed(6), (y - box / 2).toFixed(6), '0', size, size, '1'],
        ...[size, size, score === undefined ? MISSING : scoreText(score), '1', MISSING],
      ]);
      const version = { name: 'global', labels: ['cbox_format_version'], rows: [['1.0']], list: true };
      const slices = { name: 'cryolo_include', labels: ['slice_index'], rows: [['0']] };
      return writeStar([version, { name: 'cryolo', labels: LABELS, rows }, slices], provenance);
    },
  },
};

function readCbox(text: string): CoordinateRecord[] {
  const blocks = parseStar(text).filter((candidate) => labelIndex(candidate, 'CoordinateX') >= 0);
  const block = blocks.find(({ name }) => name === 'cryolo') ?? blocks.find(({ name }) => !/filament/i.test(name));
  if (!block && blocks.length > 0) {
    throw new SyntaxError(`the only block with coordinates is "data_${blocks[0].name}": filaments, not particles`);
  }
  if (!block) throw new SyntaxError('no block has the label "CoordinateX"; these are not particle coordinates');
  return block.rows.map((row, index) => {
    const text = (label: string): string | undefined => row[labelIndex(block, label)];
    const value = (label: string) => parseNumber(text(label), label, block.lines[index]);
    const confidence = text('Confidence') ?? MISSING;
    const score = confidence === MISSING ? undefined : value('Confidence');
    const box = value('Width');
    const particle = scoredParticle(value('CoordinateX') + box / 2, value('CoordinateY') + value('Height') / 2, score);
    return { micrograph: null, particle, box };
  });
}
