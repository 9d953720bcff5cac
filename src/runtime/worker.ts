/** The worker thread: holds ONNX Runtime sessions and runs them, one request after the other. */

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Image } from '../core/micrograph.js';
import { runInBands } from './bands.js';
import type { Answer, Device, Request, Tensor, Tensors } from './protocol.js';
import { startQueue } from './queue.js';
import { answerRequests } from './thread-worker.js';

const sessions = new Map<number, InferenceSession>();
let nextSession = 1;

/**
 * WebGPU's own layout of tensors gives wrong numbers without a word (6 maps to 12, for one): NCHW does not.
 * What a provider cannot do, ONNX Runtime does on the CPU.
 */
const PROVIDERS: Readonly<Record<Device, InferenceSession.ExecutionProviderConfig[]>> = {
  cpu: ['cpu'],
  webgpu: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
  cuda: ['cuda'],
};

type LoadRequest = Extract<Request, { kind: 'load' }>;

async function load({ model, threads, device, keepsMemory }: LoadRequest): Promise<number> {
  const session = await InferenceSession.create(model, {
    executionProviders: PROVIDERS[device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableCpuMemArena: keepsMemory,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  sessions.set(nextSession, session);
  return nextSession++;
}

async function run(id: number, feeds: Tensors): Promise<Tensors> {
  const session = sessions.get(id);
  if (!session) throw new Error(`no session ${id}`);
  const inputs = Object.entries(feeds).map(([name, { dims, data }]) => [name, new OrtTensor('float32', data, dims)]);
  const outputs = await session.run(Object.fromEntries(inputs));
  return Object.fromEntries(
    session.outputNames.map((name) => [name, { dims: outputs[name].dims, data: outputs[name].data as Float32Array }]),
  );
}

type BandsRequest = Extract<Request, { kind: 'run-in-bands' }>;

function runAllBands({ stages, image, margins }: BandsRequest): Promise<Image> {
  const work = stages.map(({ session, ...stage }) => ({
    ...stage,
    run: async (maps: Tensor) => (await run(session, { maps })).result,
  }));
  return runInBands(work, image, margins);
}

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case 'load':
      return { kind: 'loaded', session: await load(request) };
    case 'run':
      return { kind: 'result', tensors: await run(request.session, request.feeds) };
    case 'run-in-bands':
      return { kind: 'image', image: await runAllBands(request) };
    case 'release':
      await sessions.get(request.session)?.release();
      sessions.delete(request.session);
      return { kind: 'released' };
  }
}

const inTurn = startQueue();
// Tensors are the engine's own memory, images are not.
answerRequests(
  (request: Request) => inTurn(() => answer(request)),
  (made) => (made.kind === 'image' ? [made.image.pixels.buffer as ArrayBuffer] : []),
);
