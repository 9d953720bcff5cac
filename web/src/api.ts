/** Calls of the server, by addresses relative to the page's: a proxy may put it anywhere. Each throws an Error with the server's own words. */

import type {
  ApiClass,
  ApiDecided,
  ApiEvaluation,
  ApiGallery,
  ApiJob,
  ApiJobRequest,
  ApiLabelChange,
  ApiLabels,
  ApiMask,
  ApiMicrographDetail,
  ApiPick,
  ApiProject,
  ApiScores,
  ApiTable,
  ApiWorst,
  Decision,
} from '../../src/server/api.js';

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return response.json() as Promise<T>;
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  throw new ServerError(body.error ?? `The server answered ${response.status}`, response.status);
}

/** An answer that is a refusal. */
class ServerError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Answers of something before the server, or of one that has just started again and does not know this page yet. */
const NOT_NOW = [401, 502, 503, 504];

/** Whether the server did not get a request, so that it can be sent again. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof ServerError ? NOT_NOW.includes(error.status) : error instanceof TypeError;
}

async function get<T>(path: string, query: Record<string, string | number> = {}): Promise<T> {
  return answer<T>(await fetch(address(path, query)));
}

async function send<T>(method: string, path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  return answer<T>(await fetch(path, { method, headers, body: JSON.stringify(body) }));
}

/** The address of a picture. */
export function address(path: string, query: Record<string, string | number>): string {
  const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return words.length > 0 ? `${path}?${words.join('&')}` : path;
}

export const api = {
  project: () => get<ApiProject>('api/project'),
  settings: (settings: { diameter?: number | null; pixelSize?: number | null }) =>
    send('PUT', 'api/settings', settings),
  /** Keeps the diameter; the general model then picks the micrograph that is on the screen. Returns the name of the set. */
  setDiameter: async (diameter: number, micrograph: string) => {
    await send('PUT', 'api/settings', { diameter });
    return (await api.start({ kind: 'general', micrograph })).result;
  },
  refresh: () => send('POST', 'api/refresh', {}),
  micrograph: (id: string) => get<ApiMicrographDetail>('api/micrograph', { id }),
  labels: (id: string) => get<ApiLabels>('api/labels', { id }),
  mask: (id: string) => get<ApiMask>('api/mask', { id }),
  putMask: (mask: ApiMask) => send('PUT', 'api/mask', mask),
  change: (change: ApiLabelChange) => send<ApiLabels>('POST', 'api/labels', change),
  importLabels: async (file: File) =>
    answer<{ imported: number; micrographs: number; leftOver: readonly string[] }>(
      await fetch(address('api/labels/import', { name: file.name }), { method: 'POST', body: file }),
    ),
  labelsFromPicks: (id: string, set: string, threshold: number) =>
    send<{ imported: number }>('POST', 'api/labels/from-picks', { id, set, threshold }),
  decide: (id: string, x: number, y: number, decision: Decision) =>
    send<ApiLabels>('POST', 'api/decide', { id, x, y, decision }),
  check: (id: string, checked: boolean) => send('POST', 'api/checked', { id, checked }),
  picks: (set: string, id: string) => get<ApiPick[]>('api/picks', { set, id }),
  scores: (set: string) => get<ApiScores>('api/scores', { set }),
  threshold: (set: string, threshold: number) => send('PUT', 'api/threshold', { set, threshold }),
  /** @param offset - null: where the first undecided pick is */
  gallery: (set: string, order: 'score' | 'doubtful', offset: number | null, limit: number) =>
    get<ApiGallery>('api/gallery', { set, order, limit, ...(offset !== null && { offset }) }),
  /** null where the set has not been classified. */
  classes: (set: string) => get<ApiClass[] | null>('api/classes', { set }),
  classMembers: (set: string, number: number, offset: number, limit: number) =>
    get<ApiGallery>('api/class-members', { set, number, offset, limit }),
  decideClass: (set: string, number: number, decision: Decision) =>
    send<ApiDecided>('POST', 'api/decide-class', { set, number, decision }),
  importSelection: async (set: string, file: File) =>
    answer<ApiDecided>(await fetch(address('api/selection', { set, name: file.name }), { method: 'POST', body: file })),
  table: (set: string | null) => get<ApiTable>('api/table', set === null ? {} : { set }),
  exclude: (ids: readonly string[], excluded: boolean) => send('PUT', 'api/excluded', { ids, excluded }),
  worst: (set: string) => get<ApiWorst[]>('api/worst', { set }),
  rename: (name: string, to: string) => send('POST', 'api/rename', { name, to }),
  /** Returns what brings it back. */
  remove: (name: string) => send<{ id: string }>('POST', 'api/delete', { name }),
  restore: (id: string) => send('POST', 'api/restore', { id }),
  evaluations: () => get<ApiEvaluation[]>('api/evaluations'),
  start: (job: ApiJobRequest) => send<ApiJob>('POST', 'api/jobs', job),
  resume: (name: string) => send<ApiJob>('POST', 'api/jobs/resume', { name }),
  cancel: (id: number) => send('DELETE', `api/jobs/${id}`, {}),
};

/** Between two tries to reach a server that does not answer. */
const RETRY_MS = 1500;

/** Asks again until the server has got the request. @throws Error with the reason where it refuses */
export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Takes an answer unless it is no longer wanted: returns what an effect returns to say so. */
export function latest<T>(answer: Promise<T>, take: (value: T) => void, failed: (error: Error) => void): () => void {
  let wanted = true;
  answer.then(
    (value) => wanted && take(value),
    (error: Error) => wanted && failed(error),
  );
  return () => {
    wanted = false;
  };
}
