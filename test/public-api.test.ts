import { expect, it } from 'vitest';
import * as library from '../src/index.js';

it('the library exports these names and no others', () => {
  expect(Object.keys(library).sort()).toMatchInlineSnapshot(`
    [
      "AUTO_RECIPE",
      "ArchitectureError",
      "DEEPEM_RECIPE",
      "DEFAULT_PICK_SETTINGS",
      "DeepemError",
      "FEW_LABELS_RECIPE",
      "FileError",
      "GENERAL_MODEL_FILE",
      "IDENTITY",
      "LabelError",
      "ModelError",
      "PRESETS",
      "UsageError",
      "VERSION",
      "asymmetric",
      "barrel",
      "blobModel",
      "diagnose",
      "evaluate",
      "loadModel",
      "openPicker",
      "pick",
      "readCoordinates",
      "readMicrograph",
      "readMrc",
      "rescaleModel",
      "runPick",
      "saveModel",
      "simulate",
      "startEngine",
      "train",
      "transform",
      "volumeFromMap",
      "writeCoordinates",
      "writeMrc",
    ]
  `);
});
