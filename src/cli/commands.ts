/** The list of commands. A new one is a file beside this one, and a line here. */

import type { Command } from 'commander';

/** A command's file: adds arguments and options to its command, and what it does. */
export interface CommandFile {
  configure(command: Command): void;
}

/** Every command: name, one line of help, its file (loaded only when needed: the program starts faster). */
export const COMMANDS: readonly (readonly [name: string, summary: string, load: () => Promise<CommandFile>])[] = [
  ['serve', 'label, train and review in the browser', () => import('./serve.js')],
  ['train', 'train a network on labelled micrographs', () => import('./train.js')],
  ['tune', 'search network and settings by cross-validation', () => import('./tune.js')],
  ['retrain', 'train again with picks that a person accepted or rejected', () => import('./retrain.js')],
  ['pick', 'find the particles of micrographs with a trained model', () => import('./pick.js')],
  ['watch', 'pick micrographs as they appear in a folder', () => import('./watch.js')],
  ['status', 'show how far a run is', () => import('./status.js')],
  ['evaluate', 'compare picks with true centres', () => import('./evaluate.js')],
  ['threshold', 'find a threshold from the scores of picks, without labels', () => import('./threshold.js')],
  ['convert', 'turn coordinates into another format or convention', () => import('./convert.js')],
  ['extract', 'cut the particles out of micrographs, for RELION and cryoSPARC', () => import('./extract.js')],
  ['classes', 'average picks by class, to see whether they are particles', () => import('./classes.js')],
  ['doctor', 'find out which convention coordinates are in', () => import('./doctor.js')],
  ['inspect', 'show what is in an image, a stack or a coordinate file', () => import('./inspect.js')],
  ['validate', 'check files against the rules of their formats', () => import('./validate.js')],
  ['preview', 'draw a micrograph with picks, or a stack, as PNG', () => import('./preview.js')],
  ['info', 'show what a model file says about itself', () => import('./info.js')],
  ['features', "draw each layer's feature maps for one particle", () => import('./features.js')],
  ['simulate', 'make micrographs with known true centres', () => import('./simulate.js')],
  ['demo', 'simulate, train, pick and evaluate, as a first look', () => import('./demo.js')],
];
