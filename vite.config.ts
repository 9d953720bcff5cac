import { defineConfig } from 'vite';

export default defineConfig({
  root: 'web',
  // Relative addresses: a proxy may serve the page below any path.
  base: './',
  build: { outDir: '../dist/web', emptyOutDir: true, sourcemap: false, reportCompressedSize: false },
});
