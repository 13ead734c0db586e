import { Run, RunError } from 'agent-run';
import type { RunWrite, WriteOutcome } from '../../lib/store/backend';
import { columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';
import { Database } from '../../lib/store/database';
import type { RetryOptions } from '../../lib/store/options';
import type { QueueMember } from '../../lib/store/write-queue';
import { WriteQueue } from '../../lib/store/write-queue';
import { awayError, FlakyBackend } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

/** Who has one write, or none, and notes what it hears. */
class Member implements QueueMember {
  readonly heard: unknown[] = [];
  write: RunWrite | null;
  /** What it throws when it is asked for its write. */
  broken: Error | null = null;
  /** What it throws when it is told an outcome, the next times. */
  readonly refusals: Error[] = [];

  constructor(write: RunWrite | null) {
    this.write = write;
  }

  takeWrite(): RunWrite | null {
    if (this.broken !== null) throw this.broken;
    return this.write;
  }

  unanswered(): void {
    this.heard.push('unanswered');
  }

  settle(write: RunWrite, outcome: WriteOutcome): void {
    expect(write).toBe(this.write);
    this.heard.push(outcome);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    this.write = null;
  }

  delayed(error: RunError, beyondPatience: boolean): void {
    expect(error).toMatchObject({ code: 'storage_error', retryable: true });
    this.heard.push(beyondPatience ? 'impatient' : 'delayed');
  }

  fail(error: RunError): void {
    expect(error.retryable).toBe(false);
    this.heard.push(error.code);
    this.write = null;
  }
}

let clock: VirtualClock;
let backend: FlakyBackend;
let queue: WriteQueue;
let applied: string[];
let longestPauseMs: number;

function open(options: RetryOptions = {}): void {
  clock = new VirtualClock(7);
  backend = new FlakyBackend();
  applied = [];
  longestPauseMs = 10_000;
  queue = new WriteQueue({
    database: new Database(backend, { retryForMs: 500, callTimeoutMs: 500, ...options }, clock),
    clock,
    longestPauseMs: () => longestPauseMs,
    applied: (writes) => applied.push(...writes.map(({ id }) => id)),
  });
}

beforeEach(() => open());

function writeOf(id: string, sessionId: string, change: Partial<RunWrite> = {}): RunWrite {
  return {
    id,
    sessionId,
    revision: 0,
    nextRevision: 1,
    writer: 'me',
    columns: columnsOf(new Run({ id, sessionId }), RECORD_COLUMNS),
    entries: [],
    lease: 'keep',
    exclusive: false,
    ...change,
  };
}

/** A member for each write, all of them in the queue. */
function enqueue(...writes: readonly RunWrite[]): Member[] {
  const members = writes.map((write) => new Member(write));
  for (const member of members) queue.add(member);
  return members;
}

/** Which runs each batch had. */
function batches(): string[] {
  return backend.batches.map((batch) => batch.map(({ id }) => id).join('+'));
}

describe('WriteQueue', () => {
  it('sends what was added in one tick together, and nobody’s nothing', async () => {
    const [a, b] = enqueue(writeOf('a', 's1'), writeOf('b', 's1'));
    const idle = new Member(null);
    queue.add(idle);
    expect(batches()).toEqual([]);
    await clock.pass(0);
    expect(batches()).toEqual(['a+b']);
    expect([a, b, idle].map((member) => member!.heard)).toEqual([['applied'], ['applied'], []]);
    expect(applied).toEqual(['a', 'b']);
  });

  it('asks the database for nothing where nobody has anything to write', async () => {
    queue.add(new Member(null));
    await clock.pass(1_000);
    expect(batches()).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('sends what is added while a batch is on its way after it, in one batch', async () => {
    const apply = backend.apply.bind(backend);
    jest.spyOn(backend, 'apply').mockImplementationOnce(async (writes) => {
      const outcomes = await apply(writes);
      await new Promise<void>((resolve) => {
        clock.after(100, resolve);
      });
      return outcomes;
    });
    enqueue(writeOf('a', 's1'));
    await clock.pass(10);
    enqueue(writeOf('b', 's1'));
    await clock.pass(10);
    enqueue(writeOf('c', 's1'));
    await clock.pass(79);
    expect(batches()).toEqual(['a']);
    await clock.pass(1);
    expect(batches()).toEqual(['a', 'b+c']);
  });

  it('tells the store of what was applied only, and each member of its own outcome', async () => {
    const stale = writeOf('a', 's1', { revision: 3, nextRevision: 4 });
    const members = enqueue(stale, writeOf('b', 's2'));
    await clock.pass(0);
    expect(members.map(({ heard }) => heard)).toEqual([['stale'], ['applied']]);
    expect(applied).toEqual(['b']);
  });

  const exclusive = { exclusive: true };

  it.each<[string, readonly RunWrite[], readonly string[]]>([
    ['an exclusive one first', [writeOf('a', 's1', exclusive), writeOf('b', 's1')], ['a', 'b']],
    ['an exclusive one last', [writeOf('a', 's1'), writeOf('b', 's1', exclusive)], ['a', 'b']],
    ['two exclusive ones', [writeOf('a', 's1', exclusive), writeOf('b', 's1', exclusive)], ['a', 'b']],
    ['of two sessions', [writeOf('a', 's1', exclusive), writeOf('b', 's2', exclusive)], ['a+b']],
    [
      'the same run twice',
      [writeOf('a', 's1'), writeOf('a', 's1', { revision: 1, nextRevision: 2 }), writeOf('c', 's1')],
      ['a+c', 'a'],
    ],
    [
      'another behind one that has to wait',
      [writeOf('a', 's1'), writeOf('b', 's1', exclusive), writeOf('c', 's2')],
      ['a+c', 'b'],
    ],
  ])('keeps apart what has to see each other: %s', async (_, writes, expected) => {
    const members = enqueue(...writes);
    await clock.pass(10);
    expect(batches()).toEqual(expected);
    expect(members.every(({ heard }) => heard.length === 1)).toBe(true);
  });

  it.each([
    [4_000_000, ['a', 'b']],
    [3_999_999, ['a+b']],
  ])('sends a batch of %i characters as %p, columns and entries counted', async (length, expected) => {
    const first = writeOf('a', 's1', { columns: {} });
    const entry = { seq: 1, type: 'noted', data: 'x'.repeat(1_000), at: 1 };
    const output = 'x'.repeat(length - entry.data.length);
    const columns = { started_ms: 5, output };
    enqueue({ ...first, columns, entries: [entry] }, writeOf('b', 's1'));
    await clock.pass(10);
    expect(batches()).toEqual(expected);
  });

  it('fails a member that cannot turn its run into a row, and sends the others', async () => {
    const [broken, other] = enqueue(writeOf('a', 's1'), writeOf('b', 's1'));
    broken!.broken = new RangeError('too deep');
    await clock.pass(10);
    expect(broken!.heard).toEqual(['storage_error']);
    expect(other!.heard).toEqual(['applied']);
    expect(clock.waiting).toBe(0);
  });

  it('sends nothing once it is closed, whenever it was added', async () => {
    enqueue(writeOf('a', 's1'));
    queue.close();
    enqueue(writeOf('b', 's1'));
    await clock.pass(100);
    expect(batches()).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});

describe('a batch that fails', () => {
  it('waits as a whole, and holds up everybody, while the database is away', async () => {
    backend.then = 'away';
    backend.isAllBad = true;
    const members = enqueue(writeOf('a', 's1'), writeOf('b', 's1'));
    await clock.pass(5);
    enqueue(writeOf('c', 's2'));
    await clock.pass(14);
    expect(batches()).toEqual(['a+b']);
    expect(members.map(({ heard }) => heard)).toEqual(Array(2).fill(['unanswered', 'delayed']));
    backend.then = 'ok';
    await clock.pass(1);
    // Those that failed come behind those that were added meanwhile.
    expect(batches()).toEqual(['a+b', 'c+a+b']);
  });

  it('waits longer each time, as long as leases allow', async () => {
    backend.then = 'away';
    backend.isAllBad = true;
    enqueue(writeOf('a', 's1'));
    const at = async (ms: number): Promise<number> => {
      await clock.pass(ms);
      return backend.batches.length;
    };
    expect([await at(0), await at(19), await at(1), await at(39), await at(1)]).toEqual([1, 1, 2, 2, 3]);
    longestPauseMs = 50;
    expect([await at(79), await at(1), await at(49), await at(1)]).toEqual([3, 4, 4, 5]);
  });

  it('waits as long as the one of it that has failed most often', async () => {
    backend.answers = ['away'];
    const late = new Member(writeOf('b', 's1'));
    clock.after(20, () => queue.add(late));
    enqueue(writeOf('a', 's1'));
    await clock.pass(19);
    backend.isAllBad = true;
    backend.then = 'away';
    await clock.pass(1);
    expect(batches()).toEqual(['a', 'b+a']);
    backend.then = 'ok';
    await clock.pass(39);
    expect(batches()).toHaveLength(2);
    await clock.pass(1);
    expect(batches()).toEqual(['a', 'b+a', 'b+a']);
  });

  it.each([
    ['nobody is patient any more', [], true],
    ['somebody is patient', ['b'], false],
  ])('lets the process end meanwhile where %s', async (_, late, mayExit) => {
    open({ retryForMs: 100 });
    backend.isAllBad = true;
    backend.then = 'away';
    const after = jest.spyOn(clock, 'after');
    enqueue(writeOf('a', 's1'));
    await clock.pass(130);
    enqueue(...late.map((id) => writeOf(id, 's1')));
    await clock.pass(20);
    expect(batches().at(-1)).toBe([...late, 'a'].join('+'));
    // The pause after the fourth failure.
    const pauses = (after.mock.calls as unknown[][]).filter(([ms]) => ms === 160);
    expect(pauses).toEqual([[160, expect.any(Function), mayExit]]);
  });

  it('is halved where the database answers, and only what fails alone waits', async () => {
    backend.answers = ['away', 'ok', 'away', 'away', 'ok'];
    const members = enqueue(...['a', 'b', 'c', 'd', 'e'].map((id) => writeOf(id, 's1')));
    await clock.pass(1);
    expect(batches()).toEqual(['a+b+c+d+e', 'a+b+c', 'd+e', 'd', 'e']);
    expect(members.map(({ heard }) => heard.at(-1))).toEqual([
      ...Array<string>(3).fill('applied'),
      'delayed',
      'applied',
    ]);
    enqueue(writeOf('f', 's1'));
    await clock.pass(1);
    expect(batches().at(-1)).toBe('f');
    await clock.pass(20);
    expect(batches().at(-1)).toBe('d');
    expect(members[3]!.heard.at(-1)).toBe('applied');
    expect(clock.waiting).toBe(0);
  });

  it('gives up what fails alone and for good, whether the database answers or not', async () => {
    backend.answers = ['refused', 'refused', 'ok'];
    const [bad, good] = enqueue(writeOf('a', 's1'), writeOf('b', 's1'));
    await clock.pass(1);
    expect([bad!.heard, good!.heard]).toEqual([
      ['unanswered', 'unanswered', 'storage_error'],
      ['unanswered', 'applied'],
    ]);
    expect(backend.calls.head).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it.each([1, 2])('is not sent on once the queue is closed, at answer %i', async (answers) => {
    const apply = backend.apply.bind(backend);
    jest.spyOn(backend, 'apply').mockImplementation(async (writes) => {
      const outcomes = await apply(writes);
      if (backend.batches.length === answers) queue.close();
      if (backend.batches.length === 1) throw awayError();
      return outcomes;
    });
    enqueue(writeOf('a', 's1'), writeOf('b', 's1'));
    await clock.pass(1_000);
    expect(backend.batches).toHaveLength(answers);
    expect(clock.waiting).toBe(0);
  });

  it('is forgotten with a success: patience begins anew', async () => {
    const [member] = enqueue(writeOf('a', 's1'));
    backend.answers = ['away', 'away', 'ok', 'away', 'away'];
    await clock.pass(400);
    member!.write = writeOf('a', 's1', { revision: 1, nextRevision: 2 });
    queue.add(member!);
    const before = backend.batches.length;
    await clock.pass(19);
    expect(backend.batches).toHaveLength(before + 1);
    await clock.pass(1);
    expect(backend.batches).toHaveLength(before + 2);
    expect(member!.heard).not.toContain('impatient');
  });

  it('is forgotten when it is given up', async () => {
    const [member] = enqueue(writeOf('a', 's1'));
    backend.answers = ['away', 'away', 'away', 'refused', 'away'];
    await clock.pass(200);
    expect(member!.heard.at(-1)).toBe('storage_error');
    member!.write = writeOf('a', 's1');
    queue.add(member!);
    await clock.pass(19);
    expect(backend.batches).toHaveLength(5);
    await clock.pass(1);
    expect(member!.heard.at(-1)).toBe('applied');
  });

  it.each([
    [499, 'delayed'],
    [500, 'impatient'],
  ])(
    'ends the patience of 500 ms, counted from its first attempt: after %i ms it is %s',
    async (ms, last) => {
      open({ callTimeoutMs: 10_000 });
      const [member] = enqueue(writeOf('a', 's1'));
      backend.then = 'away';
      const apply = backend.apply.bind(backend);
      let isFirst = true;
      jest.spyOn(backend, 'apply').mockImplementation(async (writes) => {
        const delayMs = isFirst ? ms : 0;
        isFirst = false;
        await new Promise<void>((resolve) => {
          clock.after(delayMs, resolve);
        });
        return apply(writes);
      });
      await clock.pass(ms);
      expect(member!.heard.filter((heard) => heard !== 'unanswered').at(-1)).toBe(last);
    },
  );
});

describe('an attempt that takes long', () => {
  it('tells those who wait each time that their patience is over', async () => {
    open({ retryForMs: 100, callTimeoutMs: 350 });
    backend.then = 'hangs';
    const members = enqueue(writeOf('a', 's1'), writeOf('b', 's1'));
    await clock.pass(99);
    expect(members.map(({ heard }) => heard)).toEqual([[], []]);
    await clock.pass(1);
    expect(members.map(({ heard }) => heard)).toEqual([['impatient'], ['impatient']]);
    await clock.pass(200);
    expect(members[0]!.heard).toEqual(['impatient', 'impatient', 'impatient']);
    backend.then = 'ok';
    await clock.pass(50);
    expect(members[0]!.heard).toEqual(['impatient', 'impatient', 'impatient', 'unanswered', 'applied']);
    await clock.pass(1_000);
    expect(clock.waiting).toBe(0);
  });

  it.each([
    [0, 100],
    [100, 100],
    [200, 100],
  ])(
    'tells nobody before it is over, with a patience of %i ms and %i ms for an attempt',
    async (retryForMs, callTimeoutMs) => {
      open({ retryForMs, callTimeoutMs });
      backend.answers = ['hangs'];
      const [member] = enqueue(writeOf('a', 's1'));
      await clock.pass(99);
      expect(member!.heard).toEqual([]);
      expect(clock.waiting).toBe(1);
      await clock.pass(1);
      expect(member!.heard[0]).toBe('unanswered');
    },
  );
});

describe('a member that cannot take an outcome in', () => {
  const broken = new RunError('storage_error', 'The file is broken');

  it('is told again where that may pass, and holds up nobody', async () => {
    const [member] = enqueue(writeOf('a', 's1'));
    member!.refusals.push(awayError());
    await clock.pass(1);
    enqueue(writeOf('b', 's2'));
    await clock.pass(1);
    expect(batches()).toEqual(['a', 'b']);
    await clock.pass(20);
    expect(batches()).toEqual(['a', 'b', 'a']);
    expect(member!.heard).toEqual(['applied', 'delayed', 'stale']);
  });

  it('waits longer each time', async () => {
    const [member] = enqueue(writeOf('a', 's1'));
    member!.refusals.push(awayError(), awayError());
    await clock.pass(59);
    expect(batches()).toEqual(['a', 'a']);
    await clock.pass(1);
    expect(batches()).toEqual(['a', 'a', 'a']);
  });

  it.each([
    ['where that never passes', broken, 'storage_error'],
    ['with what is no error of a store', new TypeError('a fault'), 'storage_error'],
  ])('fails %s', async (_, refusal, code) => {
    const [member] = enqueue(writeOf('a', 's1'));
    member!.refusals.push(refusal);
    await clock.pass(100);
    expect(member!.heard).toEqual(['applied', code]);
    expect(clock.waiting).toBe(0);
  });

  it('is left alone once the queue is closed', async () => {
    const [member] = enqueue(writeOf('a', 's1'));
    member!.settle = () => {
      queue.close();
      throw broken;
    };
    await clock.pass(100);
    expect(member!.heard).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});
