// Builds ../leads.js from ../src: one script for every browser of the last years, without a line to spare.
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';

const out = process.argv[2] || '../leads.js';
const { outputFiles: [file] } = await build({
  entryPoints: ['../src/main.ts'], bundle: true, minify: true, format: 'iife', target: 'es2019', charset: 'utf8',
  legalComments: 'none', write: false, tsconfigRaw: {},
});
const { writeFileSync } = await import('node:fs');
writeFileSync(out, file.contents);
process.stderr.write(`${file.contents.length} bytes, ${gzipSync(file.contents, { level: 9 }).length} gzipped\n`);
