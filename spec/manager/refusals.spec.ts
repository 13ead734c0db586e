import { Run, RunError } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';
import { executedElsewhere, explained, isRefusal, notFound } from '../../lib/manager/refusals';

describe('isRefusal()', () => {
  it.each(['already_exists', 'conflict', 'session_busy', 'lease_lost', 'run_not_found'])(
    'holds of %s',
    (code) => expect(isRefusal(new RunError(code, 'no'))).toBe(true),
  );

  it.each([
    ['trouble with the store', new RunError('storage_error', 'no')],
    ['an error of somebody else', Object.assign(new Error('no'), { code: 'conflict' })],
    ['what is no error', { code: 'conflict' }],
    ['nothing', null],
  ])('does not hold of %s', (_title, error) => expect(isRefusal(error)).toBe(false));
});

describe('explained()', () => {
  const details = { runId: 'a', sessionId: 's' };
  const busy = new RunError('session_busy', 'The session is busy', { details, retryable: true });
  let store: MemoryRunStore;

  beforeEach(async () => {
    store = new MemoryRunStore();
    await store.save(new Run({ id: 'a', sessionId: 's' }).updateStatus('running'));
  });

  afterEach(() => store.close());

  it('adds how the stored run stands', async () => {
    const error = await explained(busy, 'a', store);
    expect(error).not.toBe(busy);
    expect(error.toJSON()).toEqual({ ...busy.toJSON(), details: { ...details, status: 'running' } });
    expect(error.cause).toBe(busy);
  });

  it('says of no status where there is no such run, no store, or no answer of it', async () => {
    const asIs = busy.toJSON();
    expect((await explained(busy, 'b', store)).toJSON()).toStrictEqual(asIs);
    expect((await explained(busy, 'a', undefined)).toJSON()).toStrictEqual(asIs);
    await store.close();
    expect((await explained(busy, 'a', store)).toJSON()).toStrictEqual(asIs);
  });

  it('leaves an error that says it already', async () => {
    const known = new RunError('conflict', 'no', { details: { status: 'failed' } });
    expect(await explained(known, 'a', store)).toBe(known);
  });
});

describe('the errors of a manager', () => {
  it('name the run, and its status', () => {
    const run = new Run({ id: 'a', sessionId: 's' }).setOutput({});
    expect(executedElsewhere(run)).toMatchObject({
      code: 'conflict',
      details: { runId: 'a', status: 'completed' },
      message: 'Run a was executed by another process: it is "completed"',
    });
    expect(notFound('a')).toMatchObject({ code: 'run_not_found', details: { runId: 'a' } });
  });
});
