const native = ['libsql', 'better-sqlite3', 'pg-native', '@opentelemetry/api', '@pydantic/genai-prices'];

export default {
  ssr: { noExternal: true, external: native },
  build: {
    ssr: 'main.mjs',
    outDir: 'out-vite',
    // By itself it takes the ending from the "type" of the project's package.json.
    rolldownOptions: { external: native, output: { entryFileNames: '[name].mjs' } },
  },
  logLevel: 'error',
};
