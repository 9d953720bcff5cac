/** The site of the documentation: `npm run docs`. Every page is also readable as a plain file. */

import { defineConfig } from 'vitepress';

const page = (text: string, link: string) => ({ text, link: `/${link}` });

export default defineConfig({
  title: 'deepem',
  description: 'Finds particles in cryo-EM micrographs',
  outDir: '../dist-docs',
  cleanUrls: true,
  // Raw files, and files beside docs/, are for readers of the repository; scripts/check-docs.ts checks these links.
  ignoreDeadLinks: [/^\.\/results\//, /\.\.\//],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      page('Start', 'start'),
      page('How to', 'how-to'),
      page('Reference', 'reference'),
      page('Evidence', 'evidence'),
    ],
    sidebar: [
      { text: 'Start', items: [page('First picks', 'start'), page('The page in the browser', 'serve')] },
      {
        text: 'How to',
        items: [page('By situation', 'how-to'), page('On a cluster', 'cluster'), page('With a graphics card', 'gpu')],
      },
      {
        text: 'Reference',
        items: [page('Commands', 'reference'), page('File formats', 'formats'), page('Models in Python', 'python')],
      },
      {
        text: 'Explanation',
        items: [page('Architecture and method', 'architecture'), page('Dependencies', 'dependencies')],
      },
      {
        text: 'Evidence',
        items: [
          page('What was measured', 'evidence'),
          page('The general model', 'general-model'),
          page('All results', 'results'),
          page("The paper's experiments", 'experiments'),
          page('At the size of the paper', 'experiments-paper-size'),
        ],
      },
    ],
  },
});
