export default {
  entry: ['main-cjs.mjs'],
  format: ['cjs'],
  outDir: 'out-tsup',
  platform: 'node',
  noExternal: [/^(?!libsql|better-sqlite3|pg-native|@opentelemetry|@pydantic)/],
  silent: true,
};
