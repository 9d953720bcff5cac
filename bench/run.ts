/** Runs one of the benches: npm run bench -- NAME [its arguments]. Without a name it lists them. */

/** What each bench measures. */
const BENCHES: Readonly<Record<string, string>> = {
  general: 'the general model on every real set, without labels',
  'few-labels': 'ten and twenty labels beside none',
  'class-loop': 'one turn of classes, selection and training, without labels',
  story: 'from an empty folder to an export, in the page',
  accuracy: 'cross-validation of the recipes on real data',
  choices: 'what is chosen on few held-out labels',
  retrain: 'retraining with sorted picks',
  attempts: 'changes of the recipe that were tried',
  centring: 'how well picks are centred',
  'label-noise': 'what limits accuracy: labels that are missing',
  'label-look': 'mistakes in labels, before training',
  'model-look': 'a model that does not fit, in the first micrographs',
  emptied: 'good images that a rule empties',
  'false-positives': 'picks where nothing is to be found',
  doctor: 'wrong conventions of coordinates',
  rivals: 'other programs on the same micrographs',
  speed: 'time of scoring, training and picking',
  memory: 'memory of picking',
  browser: 'frames a second in the page',
  many: 'the page with 30,000 micrographs',
};

const [name] = process.argv.splice(2, 1);
if (name !== undefined && Object.hasOwn(BENCHES, name)) {
  await import(`./${name}.ts`);
} else {
  const list = Object.entries(BENCHES).map(([one, words]) => `  ${one.padEnd(16)} ${words}\n`);
  process.stdout.write(`npm run bench -- NAME\n${list.join('')}`);
  process.exitCode = name === undefined ? 0 : 2;
}
