// The rules stand in .eslintrc.json; this file only hands them to ESLint 10.
import { readFileSync } from 'node:fs';
import { FlatCompat } from '@eslint/eslintrc';
import js from '@eslint/js';

const compat = new FlatCompat({
  baseDirectory: import.meta.dirname,
  recommendedConfig: js.configs.recommended,
  allConfig: js.configs.all,
});

export default compat.config(JSON.parse(readFileSync(new URL('.eslintrc.json', import.meta.url), 'utf8')));
