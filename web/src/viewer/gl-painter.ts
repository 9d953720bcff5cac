/**
 * Paints micrographs on the graphics card: tiles are drawn into a buffer of floating-point numbers, blurred there (so that a strong low-pass
 * shows no steps of grey), and brought to the screen with contrast and inversion. A blur is computed on as few pixels as it needs.
 */

import {
  createBufferInfoFromArrays,
  createProgramInfo,
  drawBufferInfo,
  setBuffersAndAttributes,
  setUniforms,
} from 'twgl.js';
import { fitCanvas, type Painter, type Sight } from './painter.js';
import type { Tile, View } from './tiles.js';

/** Standard deviation of the Gaussian in pixels of its buffer, at the most: more would be slower and look the same. */
const BUFFER_SIGMA = 2.5;
/** Where a Gaussian ends, in standard deviations. */
const REACH = 3;

const QUAD = `#version 300 es
in vec2 place; uniform vec4 box; uniform float up; out vec2 at;
void main() { at = place; vec2 p = box.xy + place * box.zw; gl_Position = vec4(p.x * 2. - 1., (p.y * 2. - 1.) * up, 0, 1); }`;
/** Grey value less one half, which numbers of 16 bits hold best near 0, and 1 where there is any. */
const TILE = `#version 300 es
precision highp float; in vec2 at; uniform sampler2D tile; out vec4 colour;
void main() { colour = vec4(texture(tile, at).r - .5, 1, 0, 1); }`;
const BLUR = `#version 300 es
precision highp float; in vec2 at; uniform sampler2D from; uniform vec2 step; uniform float sigma; out vec4 colour;
void main() {
  int reach = int(ceil(${REACH}. * sigma)); vec2 sum = vec2(0);
  for (int i = -reach; i <= reach; i++)
    sum += exp(-.5 * float(i * i) / (sigma * sigma)) * texture(from, at + float(i) * step).rg;
  colour = vec4(sum, 0, 1);
}`;
/** Blurred values are divided by how much of the micrograph there was: its edges do not fade. */
const SCREEN = `#version 300 es
precision highp float; in vec2 at; uniform sampler2D fine; uniform sampler2D wide; uniform vec4 finePart; uniform vec4 widePart;
uniform vec2 range; uniform bool inverted; uniform bool subtracts; uniform vec4 inside; out vec4 colour;
void main() {
  vec2 sum = texture(fine, finePart.xy + at * finePart.zw).rg;
  if (sum.g <= 0. || any(lessThan(at, inside.xy)) || any(greaterThan(at, inside.zw))) { colour = vec4(0); return; }
  float value = .5 + sum.r / sum.g;
  if (subtracts) { vec2 ground = texture(wide, widePart.xy + at * widePart.zw).rg; value -= .5 + ground.r / max(ground.g, 1e-6); }
  float grey = clamp((value - range.x) / (range.y - range.x), 0., 1.);
  colour = vec4(vec3(inverted ? 1. - grey : grey), 1);
}`;

/** A buffer that may be larger than the screen, and coarser. */
interface Layer {
  readonly texture: WebGLTexture;
  /** The screen's part of it, as left, top, width and height from 0 to 1. */
  readonly part: readonly [number, number, number, number];
}

/** How a view is drawn into a buffer whose pixels are blurred by `sigma` full-size pixels. */
function bufferFor(
  sigma: number,
  k: number,
): { readonly pixels: number; readonly sigma: number; readonly margin: number } {
  const onScreen = sigma * k * devicePixelRatio;
  const pixels = devicePixelRatio * Math.min(1, BUFFER_SIGMA / Math.max(onScreen, 1e-6));
  const own = sigma * k * pixels;
  return { pixels, sigma: own, margin: sigma > 0 ? Math.ceil(REACH * own) : 0 };
}

/** Opens it; null where the browser cannot. */
export function glPainter(canvas: HTMLCanvasElement): Painter | null {
  const found = canvas.getContext('webgl2', { antialias: false });
  if (!found?.getExtension('EXT_color_buffer_float') && !found?.getExtension('EXT_color_buffer_half_float'))
    return null;
  const gl = found;
  const programs = {
    tile: createProgramInfo(gl, [QUAD, TILE]),
    blur: createProgramInfo(gl, [QUAD, BLUR]),
    screen: createProgramInfo(gl, [QUAD, SCREEN]),
  };
  const quad = createBufferInfoFromArrays(gl, { place: { numComponents: 2, data: [0, 0, 1, 0, 0, 1, 1, 1] } });
  const textures = new Map<ImageBitmap, WebGLTexture>();
  const buffers = new Map<string, { texture: WebGLTexture; frame: WebGLFramebuffer; width: number; height: number }>();

  function textureOf(bitmap: ImageBitmap, smooth: boolean): WebGLTexture {
    let texture = textures.get(bitmap);
    if (!texture) {
      texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, gl.RED, gl.UNSIGNED_BYTE, bitmap);
      clampEdges();
      textures.set(bitmap, texture);
    }
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, smooth ? gl.LINEAR : gl.NEAREST);
    return texture;
  }

  function clampEdges(): void {
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Closed bitmaps have no size: their textures go. */
  function forgetClosed(): void {
    for (const [bitmap, texture] of textures) {
      if (bitmap.width > 0) continue;
      gl.deleteTexture(texture);
      textures.delete(bitmap);
    }
  }

  function bufferOf(name: string, width: number, height: number) {
    const before = buffers.get(name);
    if (before?.width === width && before.height === height) return before;
    if (before) {
      gl.deleteTexture(before.texture);
      gl.deleteFramebuffer(before.frame);
    }
    const [texture, frame] = [gl.createTexture(), gl.createFramebuffer()];
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16F, width, height, 0, gl.RG, gl.HALF_FLOAT, null);
    clampEdges();
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const made = { texture, frame, width, height };
    buffers.set(name, made);
    return made;
  }

  /** Runs a program over a part (left, top, width and height from 0 to 1) of what is drawn into. */
  function run(
    program: keyof typeof programs,
    box: readonly number[],
    up: 1 | -1,
    uniforms: Record<string, unknown>,
  ): void {
    // biome-ignore lint/correctness/useHookAtTopLevel: it is a call of WebGL.
    gl.useProgram(programs[program].program);
    setBuffersAndAttributes(gl, programs[program], quad);
    setUniforms(programs[program], { box, up, ...uniforms });
    drawBufferInfo(gl, quad, gl.TRIANGLE_STRIP);
  }

  /** Draws tiles as they are seen, blurred by `sigma` full-size pixels. */
  function layer(
    name: string,
    tiles: readonly Tile[],
    { view, size }: Pick<Sight, 'view' | 'size'>,
    blur: number,
  ): Layer {
    const { pixels, sigma, margin } = bufferFor(blur, view.k);
    const inner = { width: Math.ceil(size.width * pixels), height: Math.ceil(size.height * pixels) };
    const [width, height] = [inner.width + 2 * margin, inner.height + 2 * margin];
    const target = bufferOf(`${name} 0`, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.frame);
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    for (const { bitmap, level, left, top } of tiles) {
      const x = (view.x + view.k * left) * pixels + margin;
      const y = (view.y + view.k * top) * pixels + margin;
      const scale = view.k * pixels * 2 ** level;
      const box = [x / width, y / height, (bitmap.width * scale) / width, (bitmap.height * scale) / height];
      if (box[0] > 1 || box[1] > 1 || box[0] + box[2] < 0 || box[1] + box[3] < 0) continue;
      run('tile', box, 1, { tile: textureOf(bitmap, sigma > 0 || view.k < 2) });
    }
    let { texture } = target;
    if (sigma > 0) {
      for (const [i, step] of [
        [1 / width, 0],
        [0, 1 / height],
      ].entries()) {
        const next = bufferOf(`${name} ${i + 1}`, width, height);
        gl.bindFramebuffer(gl.FRAMEBUFFER, next.frame);
        run('blur', [0, 0, 1, 1], 1, { from: texture, step, sigma });
        texture = next.texture;
      }
    }
    const part = [
      margin / width,
      margin / height,
      (size.width * pixels) / width,
      (size.height * pixels) / height,
    ] as const;
    return { texture, part };
  }

  return {
    denoises: true,
    pixelsFor: (view: View, { smooth }) => view.k * bufferFor(smooth, view.k).pixels,
    paint(tiles, { view, size, full, filter, range, inverted }) {
      if (size.width === 0) return;
      forgetClosed();
      fitCanvas(canvas, size);
      const fine = layer('fine', tiles, { view, size }, filter.smooth);
      const subtracts = filter.background > 0;
      const wide = subtracts ? layer('wide', tiles, { view, size }, filter.background) : fine;
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.viewport(0, 0, canvas.width, canvas.height);
      const [left, top] = [view.x / size.width, view.y / size.height];
      run('screen', [0, 0, 1, 1], -1, {
        ...{ fine: fine.texture, finePart: fine.part, wide: wide.texture, widePart: wide.part },
        ...{ range: [range.low, range.high], inverted, subtracts },
        inside: [left, top, left + (view.k * full.width) / size.width, top + (view.k * full.height) / size.height],
      });
    },
  };
}
