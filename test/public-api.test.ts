import { expect, it } from 'vitest';
import * as library from '../src/index.js';

it('the library exports these names and no others', () => {
  expect(Object.keys(library).sort()).toMatchInlineSnapshot(`
    [
      "ADAM",
      "ArchitectureError",
      "COORDINATE_FORMATS",
      "DEEPEM_RECIPE",
      "DeepemError",
      "FileError",
      "LabelError",
      "ModelError",
      "PRESETS",
      "UsageError",
      "VERSION",
      "asymmetric",
      "barrel",
      "decodeModel",
      "encodeModel",
      "evaluate",
      "formatNamed",
      "layerShapes",
      "loadModel",
      "openPicker",
      "parseArchitecture",
      "parseCoordinates",
      "pick",
      "readCoordinates",
      "readMicrograph",
      "readMrc",
      "saveModel",
      "simulate",
      "startEngine",
      "startOptimiser",
      "train",
      "updateWeights",
      "volumeFromMap",
      "writeMrc",
    ]
  `);
});
