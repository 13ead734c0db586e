import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** What a record is checked by: what the decorators say of a run, and of a record that is read. */
const CHECK = `
  const { Run } = require('./lib/index.ts');
  const loaded = Object.keys(require.cache).filter((file) => file.includes('/class-validator/cjs/'));
  const run = new Run({ sessionId: 's' });
  const issuesOf = (json) => { try { Run.fromJSON(json); return []; } catch (error) { return error.details.issues; } };
  const record = { ...run.toJSON(), session_id: '', turn_count: -1, cost_usd: NaN, started_at: 'soon', status: 'done' };
  const { validateSync } = require('class-validator');
  Object.defineProperty(run, 'turnCount', { value: 0.5 });
  console.log(JSON.stringify({
    loadsRoot: loaded.some((file) => file.endsWith('/cjs/index.js')),
    files: loaded.length,
    issues: issuesOf(record),
    ofRun: validateSync(run).map(({ property, constraints }) => [property, constraints]),
    written: Object.keys(run.toJSON()),
  }));`;

/** A version of class-validator that lets nobody at its files. */
const CLOSED = `
  const Module = require('node:module');
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...others) {
    if (!request.startsWith('class-validator/')) return resolve.call(this, request, ...others);
    throw Object.assign(new Error('not exported'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
  };`;

interface Checked {
  readonly loadsRoot: boolean;
  readonly files: number;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  readonly ofRun: readonly unknown[];
}

function check(preamble = ''): Checked {
  const parameters = ['--import', 'tsx', '--eval', preamble + CHECK];
  return JSON.parse(execFileSync(process.execPath, parameters, { cwd: ROOT, encoding: 'utf8' })) as Checked;
}

describe("class-validator's decorators", () => {
  const own = check();

  it('are loaded from their own files, a few of hundreds: the root would take nine tenths of the time', () => {
    expect(own.loadsRoot).toBe(false);
    expect(own.files).toBeGreaterThanOrEqual(11);
    expect(own.files).toBeLessThan(60);
  });

  it('come from the root where a version has moved its files, and say the same', () => {
    const root = check(CLOSED);

    expect(root.loadsRoot).toBe(true);
    expect({ ...root, loadsRoot: false, files: own.files }).toEqual(own);
    expect(own.issues.map(({ path }) => path)).toEqual([
      'session_id',
      'status',
      'turn_count',
      'started_at',
      'cost_usd',
    ]);
    expect(own.ofRun).toEqual([['turnCount', { isInt: 'must be an integer' }]]);
  });
});
