/** Renews the README's picture from the demo. Usage: npm run demo && npx tsx scripts/readme-picture.ts */

import { writeFileSync } from 'node:fs';
import sharp from 'sharp';

const picture = await sharp('demo/picks.png').resize(720).png({ palette: true, colours: 96 }).toBuffer();
writeFileSync('docs/images/demo-picks.png', picture);
