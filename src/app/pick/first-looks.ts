/** The first micrographs of a pick run, held against those that the model was trained on. */

import type { Model } from '../../network/model.js';
import { causeOf, type FirstLook, type Trials } from '../../picking/first-look.js';
import { type Picker, type PickOptions, pickPrepared } from '../../picking/pick.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import type { PreparedFile } from '../../storage/preparer.js';
import type { Tell } from '../events.js';
import { warn } from '../tell.js';

/** Micrographs that are looked at: what most of them show is said. */
const FIRST = 3;

/** Prepares a micrograph as if the particle were so many times as large. */
export type PrepareAt = (input: InputMicrograph, times: number) => Promise<PreparedFile>;

/** Looks at the first micrographs of a run. */
export interface FirstLooks {
  /** Whether the next micrograph is one of the first; counts it. */
  wantsNext(): boolean;
  /** Takes what a micrograph showed, or null where it could not be picked; says what does not fit once enough were seen. */
  add(input: InputMicrograph, look: FirstLook | null): Promise<void>;
  /** Says what does not fit where the run had fewer micrographs. */
  end(): Promise<void>;
}

/** Nothing is looked at where the model does not know what is usual. */
export function openFirstLooks(picker: Picker, prepareAt: PrepareAt, options: PickOptions, tell: Tell): FirstLooks {
  const { usual } = picker.model.metadata;
  const looks: { readonly input: InputMicrograph; readonly look: FirstLook }[] = [];
  let [asked, isSaid] = [0, usual === null];
  const say = async () => {
    if (isSaid || usual === null || looks.length === 0) return;
    isSaid = true;
    const [{ input }] = looks;
    const seen = looks.map(({ look }) => look);
    const cause = await causeOf(seen, usual, trialsOf(input, picker, prepareAt, options)).catch(() => null);
    if (cause === null) return;
    const what = seen.length === 1 ? 'the first micrograph does' : `the first ${seen.length} micrographs do`;
    warn(tell, `${what} not look like those that the model was trained on: ${cause}`);
  };
  return {
    wantsNext: () => !isSaid && asked++ < FIRST,
    async add(input, look) {
      if (look) looks.push({ input, look });
      if (looks.length === FIRST) await say();
    },
    end: say,
  };
}

function trialsOf(input: InputMicrograph, picker: Picker, prepareAt: PrepareAt, options: PickOptions): Trials {
  return {
    async spectrumAt(times) {
      const { spectrum } = await prepareAt(input, times);
      if (!spectrum) throw new Error('no spectrum was made');
      return spectrum;
    },
    async inverted() {
      const { prepared } = await prepareAt(input, 1);
      const negative = (pixels: Float32Array) => pixels.map((value) => -value);
      const image = { ...prepared.image, pixels: negative(prepared.image.pixels) };
      const grey = { ...prepared.grey, pixels: negative(prepared.grey.pixels) };
      const { look } = await pickPrepared({ ...prepared, image, grey }, picker, options);
      if (!look) throw new Error('no look was made');
      return look;
    },
  };
}

/** What a file is prepared for, if the particle were so many times as large. */
export function preparedFor({ metadata }: Model, times: number) {
  const { preparation, pixelSize, diameter } = metadata;
  return { preparation: { ...preparation, factor: preparation.factor * times }, pixelSize, diameter };
}
