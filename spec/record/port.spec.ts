import { Run } from 'agent-run';
import { followersOf, portOf } from '../../lib/attachment';
import { makeRun } from '../support/make-run';

describe('The port of a run', () => {
  it('says whether a listener or an attachment hears a change', () => {
    const run = makeRun();
    expect(portOf(run).isHeard('noted')).toBe(false);
    run.on('noted', () => undefined);
    expect(portOf(run).isHeard('noted')).toBe(true);
    expect(portOf(run).isHeard('parked')).toBe(false);
    portOf(run).attach({ changes: new Set(['parked']), changed: () => undefined });
    expect(portOf(run).isHeard('parked')).toBe(true);
  });

  it('announces to attachments, then to listeners', () => {
    const run = makeRun();
    const heard: unknown[] = [];
    const event = { run, name: 'a', data: null, at: 1 };
    run.on('noted', ({ name }) => heard.push(`listener: ${name}`));
    portOf(run).attach({ changed: (...[change]) => void heard.push(`attachment: ${change}`) });
    portOf(run).announce('noted', event);
    expect(heard).toEqual(['attachment: noted', 'listener: a']);
  });

  it('keeps a key of another part in the record, and reads it back', () => {
    const run = makeRun();
    expect(portOf(run)).toMatchObject({ keepsMore: false, hasMoreKeys: false });
    let byModel: Readonly<Record<string, { readonly input_tokens: number }>> | null = null;
    portOf(run).keep('usage_by_model', () => byModel);
    expect(portOf(run).keepsMore).toBe(true);
    expect(run.toJSON()).not.toHaveProperty('usage_by_model');
    byModel = { 'gpt-5': { input_tokens: 1 } };
    expect(portOf(run).written('usage_by_model')).toEqual(byModel);
    expect(portOf(run).hasMoreKeys).toBe(true);
    const again = Run.fromJSON(run.toJSON());
    expect(portOf(again).kept('usage_by_model')).toEqual(byModel);
    expect(portOf(again).keepsMore).toBe(false);
  });

  it('gives what the record has under a key', () => {
    const run = makeRun({ provider: 'openai' }, 'running');
    expect(portOf(run).wire('status')).toBe('running');
    expect(portOf(run).wire('provider')).toBe('openai');
    expect(portOf(run).wire('turn_count')).toBe(0);
  });

  it('gives times with every digit of the record that they came in', () => {
    const record = {
      ...makeRun({}, 'completed').toJSON(),
      started_at: '2026-01-31T12:00:00.123456Z',
      ended_at: '2026-01-31T12:00:01.654321Z',
    };
    const port = portOf(Run.fromJSON(record));
    expect([port.startedAtText, port.endedAtText]).toEqual([record.started_at, record.ended_at]);
    expect(portOf(makeRun()).endedAtText).toBeNull();
  });

  it('counts steps, on from where a store says', () => {
    const run = makeRun();
    expect(portOf(run).stepCount).toBe(0);
    run.startStep('a').end();
    expect(portOf(run).stepCount).toBe(1);
    const again = makeRun();
    portOf(again).continueSteps(7);
    expect(portOf(again).stepCount).toBe(7);
    expect(again.startStep('b').index).toBe(8);
  });

  it('ends the run as another process has: a draft stays unless an output is reported, null too', () => {
    const ended = [{}, { output: { b: 2 } }, { output: null }].map((end) => {
      const run = makeRun({}, 'running').draftOutput({ a: 1 });
      portOf(run).endRemotely({ status: 'failed', ...end });
      return run.output;
    });
    expect(ended).toEqual([{ a: 1 }, { b: 2 }, null]);
  });
});

describe('followersOf()', () => {
  it('gives what is attached, in its order, and nothing where nothing is', () => {
    const run = makeRun();
    expect(followersOf(run)).toEqual([]);
    const [one, other] = [{ hears: () => false }, {}];
    portOf(run).attach(one);
    const detach = portOf(run).attach(other);
    expect(followersOf(run)).toEqual([one, other]);
    detach();
    expect(followersOf(run)).toEqual([one]);
  });
});
