import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteDriver } from 'agent-run/store/sqlite';
import Database from 'libsql';
import { findDriver, isSafe } from '../../../lib/store/sqlite/driver';
import { refusalOf } from '../../support/refusal-of';

type BuiltinModule = (name: string) => unknown;

describe('findDriver()', () => {
  const program = process.argv[1];
  let folder: string;

  /** Installs a module beside the program that runs. */
  function install(name: string, code: string, version = '12.0.0'): void {
    const place = join(folder, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
    writeFileSync(join(place, 'index.js'), code);
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    process.argv[1] = join(folder, 'program.js');
  });

  afterEach(() => {
    process.argv[1] = program as string;
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('takes a class as it is', () => {
    expect(findDriver(Database)).toBe(Database);
  });

  it.each([
    ['its only value', 'module.exports = class Database {}'],
    ['the default', 'module.exports = { default: class Database {} }'],
  ])('finds beside the program a driver that exports its class as %s', (_, code) => {
    install('better-sqlite3', code);
    expect(findDriver('better-sqlite3').name).toBe('Database');
  });

  it.each([
    ['that exports no class', 'module.exports = { default: 7 }'],
    ['that exports nothing', 'module.exports = null'],
    ['that cannot be loaded', 'throw new Error("no binary")'],
  ])('passes over a driver %s', (_, code) => {
    install('better-sqlite3', code);
    expect(() => findDriver('better-sqlite3')).toThrow(/better-sqlite3 is not there/);
  });

  it('loads a version of better-sqlite3 only where it is safe', () => {
    install('better-sqlite3', 'module.exports = class Database {}', '13.0.0');
    const find = (): string => findDriver('better-sqlite3').name;
    if (isSafe('13.0.0')) expect(find()).toBe('Database');
    else expect(find).toThrow(/better-sqlite3 is not there/);
  });

  it('takes node:sqlite where Node has it, before every other', () => {
    const find = (name: string): unknown => (name === 'node:sqlite' ? { DatabaseSync: Database } : undefined);
    jest
      .spyOn(process as unknown as { getBuiltinModule: BuiltinModule }, 'getBuiltinModule')
      .mockImplementation(find);
    expect(findDriver('node:sqlite')).toBe(Database);
    expect(findDriver()).toBe(Database);
  });

  it('finds no node:sqlite where Node has none, and another instead', () => {
    jest
      .spyOn(process as unknown as { getBuiltinModule: BuiltinModule }, 'getBuiltinModule')
      .mockImplementation(() => undefined);
    expect(() => findDriver('node:sqlite')).toThrow(/node:sqlite is not there/);
    expect(findDriver().name).toBe('Database');
  });

  it.each(['oracle', '', 'toString', null])('refuses %p, and says what it knows', (name) => {
    const refused = refusalOf(() => findDriver(name as SqliteDriver));
    expect(refused).toMatchObject({
      code: 'storage_error',
      details: { known: ['node:sqlite', 'better-sqlite3', 'libsql'] },
    });
    expect(refused.message).toContain(`"${String(name)}" is unknown`);
  });
});

describe('isSafe()', () => {
  it.each([
    ['12.11.1', 9, true],
    ['13.0.0', 9, false],
    ['13.0.0', 10, true],
    ['14.1.0', 11, true],
    ['9.6.0', 8, true],
  ])('says of better-sqlite3 %s with N-API %d: %p', (version, napi, isOne) => {
    expect(isSafe(version, napi)).toBe(isOne);
  });

  it('goes by the N-API of this Node', () => {
    expect(isSafe('13.0.0')).toBe(Number(process.versions['napi']) >= 10);
  });
});
