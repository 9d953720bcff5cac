/** The contrast transfer function of the microscope. */

import type { Image } from '../core/micrograph.js';
import { filterByFrequency } from '../imaging/fft.js';

/** The microscope. */
export interface Optics {
  /** Acceleration voltage in kilovolts. */
  readonly voltage: number;
  /** Spherical aberration in millimetres. */
  readonly sphericalAberration: number;
  /** Share of amplitude contrast. */
  readonly amplitudeContrast: number;
  /** Fall-off of the envelope in square angstroms. */
  readonly bFactor: number;
}

/** A common cryo microscope. */
export const OPTICS: Optics = { voltage: 300, sphericalAberration: 2.7, amplitudeContrast: 0.1, bFactor: 150 };

/** Wavelength of the electrons in angstroms, relativistic (Reimer & Kohl, Transmission Electron Microscopy, eq. 2.5). */
export function wavelength(kilovolts: number): number {
  const volts = kilovolts * 1000;
  return 12.2643 / Math.sqrt(volts + 0.97845e-6 * volts * volts);
}

/**
 * Factor of each spatial frequency, given by its square in cycles per pixel squared: CTF(k) = -(sqrt(1 - A^2) sin(chi) + A cos(chi)),
 * chi = pi lambda dz k^2 - pi/2 Cs lambda^3 k^4 (Rohou & Grigorieff 2015), so that density comes out dark, and the envelope.
 *
 * @param defocus - underfocus in angstroms
 * @param pixelSize - angstroms per pixel
 */
export function transferAt(defocus: number, pixelSize: number, optics: Optics): (squared: number) => number {
  const lambda = wavelength(optics.voltage);
  const cs = optics.sphericalAberration * 1e7;
  const amplitude = optics.amplitudeContrast;
  const phase = Math.sqrt(1 - amplitude ** 2);
  return (squared) => {
    const k2 = squared / pixelSize ** 2;
    const chi = Math.PI * lambda * defocus * k2 - (Math.PI / 2) * cs * lambda ** 3 * k2 * k2;
    return -(phase * Math.sin(chi) + amplitude * Math.cos(chi)) * Math.exp((-optics.bFactor * k2) / 4);
  };
}

/** Applies contrast transfer and envelope to an image; parameters as in `transferAt`. */
export function applyCtf(image: Image, defocus: number, pixelSize: number, optics: Optics = OPTICS): Image {
  return filterByFrequency(image, transferAt(defocus, pixelSize, optics));
}
