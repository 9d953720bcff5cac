import { expect, it } from 'vitest';
import * as library from '../src/index.js';

it('the library exports these names and no others', () => {
  expect(Object.keys(library).sort()).toMatchInlineSnapshot(`
    [
      "ADAM",
      "AUTO_RECIPE",
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
      "addConfirmed",
      "asymmetric",
      "barrel",
      "blobModel",
      "decodeModel",
      "encodeModel",
      "evaluate",
      "formatNamed",
      "histogramThreshold",
      "layerShapes",
      "loadModel",
      "openPicker",
      "parseArchitecture",
      "parseCoordinates",
      "pick",
      "readCoordinates",
      "readMicrograph",
      "readMrc",
      "rescaleModel",
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
