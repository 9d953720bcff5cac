/**
 * General models that have not seen a specimen: each was trained as models/general.onnx, without the specimens in its name
 * (scripts/general-model.ts --without). With them a figure on a specimen says how the general model does on a new one.
 */

import type { Model } from '../src/network/model.js';
import { loadModel } from '../src/storage/model-file.js';

const FOLDER = new URL('models/', import.meta.url).pathname;
const FILES: Readonly<Record<string, string>> = {
  'beta-galactosidase': 'without-beta-galactosidase-klh.onnx',
  KLH: 'without-beta-galactosidase-klh.onnx',
  'apoferritin, averaged': 'without-apoferritin-ribosome.onnx',
  'apoferritin, raw': 'without-apoferritin-ribosome.onnx',
  '80S ribosome': 'without-apoferritin-ribosome.onnx',
  TRPV1: 'without-trpv1-10947.onnx',
  '10947': 'without-trpv1-10947.onnx',
};

/** The general model that has not seen a set of `SPECIMENS`. */
export function unseenModel(set: string): Promise<Model> {
  return loadModel(`${FOLDER}${FILES[set]}`);
}
