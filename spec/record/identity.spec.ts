import { inspect } from 'node:util';
import { deepStrictEqual, notDeepStrictEqual } from 'node:assert';
import { instanceToPlain } from 'class-transformer';
import { Run } from 'agent-run';
import { makeRun } from '../support/make-run';

describe('Two runs', () => {
  it('are never deep-equal unless their ids are', () => {
    const [first, second] = [makeRun(), makeRun()];
    expect(first).not.toEqual(second);
    expect(first).not.toStrictEqual(second);
    notDeepStrictEqual(first, second);
    const heard = jest.fn();
    heard(first);
    expect(heard).not.toHaveBeenCalledWith(second);
    expect({ runs: [first] }).not.toEqual({ runs: [second] });
  });

  it('are deep-equal where one was read from the record of the other', () => {
    const run = makeRun().on('statusChanged', () => undefined);
    const again = Run.fromJSON(run.toJSON());
    expect(again).toEqual(run);
    deepStrictEqual(again, run);
  });
});

describe('A run with listeners', () => {
  const run = makeRun().on('statusChanged', () => undefined, { apiKey: 'secret' });

  it('has no member that others would show', () => {
    expect(Object.keys(run)).toEqual([]);
    expect(JSON.stringify(Object.assign({}, run))).toBe('{}');
    expect(structuredClone(run)).toEqual({});
  });

  it('shows nothing of them in a Map through class-transformer', () => {
    const plain = instanceToPlain(new Map([['a', run]]));
    expect(inspect(plain, { depth: null, showHidden: true })).not.toContain('secret');
  });
});
