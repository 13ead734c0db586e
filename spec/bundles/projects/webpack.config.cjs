const native = ['libsql', 'better-sqlite3', 'pg-native', '@opentelemetry/api', '@pydantic/genai-prices'];

module.exports = {
  mode: 'production',
  target: 'node',
  entry: './main-cjs.mjs',
  output: { path: `${__dirname}/out-webpack`, filename: 'main.cjs' },
  externals: Object.fromEntries(native.map((name) => [name, `commonjs ${name}`])),
};
