import { Run } from 'agent-run';
import type { NewEntry, RunWrite } from '../../lib/store/backend';
import type { StoredRun } from '../../lib/store/columns';
import { columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';
import { Database } from '../../lib/store/database';
import type { Circumstances } from '../../lib/store/was-applied';
import { wasApplied } from '../../lib/store/was-applied';
import { FlakyBackend } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

const TURN: NewEntry = { seq: 3, type: 'turnIncremented', data: '{"turnCount":1}', at: 30 };
const USAGE: NewEntry = { seq: 4, type: 'usageUpdated', data: '{"delta":{}}', at: 40 };
const LEASE = { token: 'mine', owner: 'me', ms: 1_000 };

const FIRST: Circumstances = { isRepeated: false, wasLeased: false };
const REPEATED: Circumstances = { isRepeated: true, wasLeased: false };
const RENEWED: Circumstances = { isRepeated: true, wasLeased: true };

function writeOf(change: Partial<RunWrite> = {}): RunWrite {
  return {
    id: 'run-1',
    sessionId: 'session-1',
    revision: 4,
    nextRevision: 5,
    writer: 'me',
    columns: {},
    entries: [TURN, USAGE],
    lease: 'keep',
    exclusive: false,
    ...change,
  };
}

/** A database whose journal has two entries of the run, and then these. */
async function databaseWith(entries: readonly NewEntry[]): Promise<Database> {
  const backend = new FlakyBackend();
  const earlier = [1, 2].map((seq) => ({ seq, type: 'noted', data: '{}', at: seq }));
  const columns = columnsOf(new Run({ id: 'run-1', sessionId: 'session-1' }), RECORD_COLUMNS);
  const write = writeOf({ revision: 0, nextRevision: 1, columns, entries: [...earlier, ...entries] });
  expect(await backend.apply([write])).toEqual(['applied']);
  return new Database(backend, {}, new VirtualClock(1));
}

async function ask(
  write: RunWrite,
  stored: object,
  circumstances: Circumstances,
  journal: readonly NewEntry[] = [TURN, USAGE],
): Promise<boolean> {
  const row = { writer: 'other', lease_token: null, ...stored } as StoredRun;
  return wasApplied(await databaseWith(journal), write, row, circumstances);
}

describe('wasApplied()', () => {
  it.each([
    ['is behind it', { revision: 4, writer: 'me' }, REPEATED, false],
    ['is its writer’s', { revision: 5, writer: 'me' }, FIRST, true],
    ['is somebody else’s', { revision: 5 }, REPEATED, false],
    ['is beyond it, and there was no attempt before', { revision: 6, writer: 'me' }, FIRST, false],
    ['is beyond it, and there was one', { revision: 6 }, REPEATED, true],
  ])('goes by the revision where it %s', async (_, stored, circumstances, is) => {
    expect(await ask(writeOf(), stored, circumstances)).toBe(is);
  });

  it.each([
    ['an insert', { revision: 0, nextRevision: 1 }, REPEATED],
    ['an insert under a lease that is held', { revision: 0, nextRevision: 1, lease: LEASE }, RENEWED],
    ['a write that takes the lease', { lease: LEASE }, REPEATED],
  ])('goes by the lease for %s, whatever the journal has', async (_, change, circumstances) => {
    const write = writeOf(change);
    expect(await ask(write, { revision: 6, lease_token: 'theirs' }, circumstances)).toBe(false);
    expect(await ask(write, { revision: 6, lease_token: null }, circumstances)).toBe(false);
    const isMine = await ask(write, { revision: 6, lease_token: 'mine' }, circumstances, []);
    expect(isMine).toBe(typeof write.lease === 'object');
  });

  it.each([
    ['renews the lease', { lease: LEASE }, RENEWED],
    ['gives the lease up', { lease: 'release' as const }, RENEWED],
    ['has no lease', { lease: 'keep' as const }, REPEATED],
  ])(
    'goes by the journal for a write that %s, whoever has the lease now',
    async (_, change, circumstances) => {
      const stored = { revision: 7, lease_token: 'theirs' };
      expect(await ask(writeOf(change), stored, circumstances)).toBe(true);
      expect(await ask(writeOf(change), { ...stored, lease_token: 'mine' }, circumstances, [])).toBe(false);
    },
  );

  it.each<[string, readonly NewEntry[], readonly NewEntry[], boolean]>([
    ['has all of its entries', [TURN, USAGE], [TURN, USAGE], true],
    ['goes on behind them', [TURN], [TURN, USAGE], true],
    ['has only the first', [TURN, USAGE], [TURN], false],
    ['has another type', [TURN], [{ ...TURN, type: 'noted' }], false],
    ['has another payload', [TURN], [{ ...TURN, data: '{"turnCount":2}' }], false],
    ['has another time', [TURN], [{ ...TURN, at: 31 }], false],
    ['has another second one', [TURN, USAGE], [TURN, { ...USAGE, data: '{}' }], false],
    ['is asked about no entry', [], [TURN], false],
  ])('compares entry by entry: the journal %s', async (_, written, journal, is) => {
    expect(await ask(writeOf({ entries: written }), { revision: 6 }, REPEATED, journal)).toBe(is);
  });
});
