const native = ['libsql', 'better-sqlite3', 'pg-native', '@opentelemetry/api', '@pydantic/genai-prices'];

export default {
  ssr: { noExternal: true, external: native },
  build: { ssr: 'main.mjs', outDir: 'out-vite', rolldownOptions: { external: native } },
  logLevel: 'error',
};
