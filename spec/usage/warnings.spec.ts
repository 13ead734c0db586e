import type { UsageWarning } from 'agent-run/usage';
import { warningOf, Warnings } from '../../lib/usage/warnings';

const unpriced: UsageWarning = {
  code: 'unpriced',
  reason: 'model_unknown',
  message: 'no price',
  model: 'nosuch',
  provider: 'openai',
};

/** Which of the warnings are heard. */
function heard(warnings: readonly Partial<UsageWarning>[]): Partial<UsageWarning>[] {
  const said = new Warnings();
  const found: UsageWarning[] = [];
  for (const warning of warnings) said.say({ ...unpriced, ...warning }, (heardOne) => found.push(heardOne));
  return found;
}

describe('warningOf', () => {
  it('names the model and the provider that was asked for', () => {
    expect(warningOf('nosuch', 'openai', { reason: 'model_unknown' })).toEqual({
      code: 'unpriced',
      reason: 'model_unknown',
      message:
        'Requests of nosuch (openai) have no price: the price data does not know the model; give `prices` to the meter',
      model: 'nosuch',
      provider: 'openai',
    });
  });

  it('names no provider where any will do, and no model where there is none', () => {
    expect(warningOf('nosuch', null, { reason: 'model_unknown' }).message).toMatch(
      /^Requests of nosuch have/,
    );
    expect(warningOf(null, 'openai', { reason: 'model_missing' }).message).toMatch(/^Requests have no price/);
  });

  it('has what the price data threw, and only then', () => {
    const cause = new Error('more audio than input');
    const refused = { reason: 'counts_refused', cause } as const;
    expect(warningOf('gpt-5', null, refused)).toMatchObject({ reason: 'counts_refused', cause });
    expect(warningOf('gpt-5', null, { reason: 'counts_refused' })).not.toHaveProperty('cause');
  });
});

describe('Warnings', () => {
  it('says what a model lacks once', () => {
    expect(heard([{}, {}, { message: 'again' }])).toEqual([unpriced]);
  });

  it.each<[string, Partial<UsageWarning>]>([
    ['model', { model: 'neither' }],
    ['provider', { provider: null }],
    ['provider and model', { provider: null, model: null }],
    ['lack: a tier without a rate', { reason: 'tier_unknown' }],
  ])('tells apart by %s', (_name, other) => {
    expect(heard([{}, other, {}, other])).toHaveLength(2);
  });

  it('says one thing of a model whose counts are refused, or that is not known', () => {
    expect(heard([{}, { reason: 'counts_refused' }])).toHaveLength(1);
  });

  it('says once for all models that there is no price data', () => {
    const missing = { reason: 'prices_not_installed' } as const;
    expect(heard([missing, { ...missing, model: 'neither' }, { ...missing, provider: null }])).toHaveLength(
      1,
    );
  });

  it('keeps for the first callback what was said to none', () => {
    const warnings = new Warnings();
    const onWarning = jest.fn();
    warnings.say(unpriced, null);
    warnings.say(unpriced, onWarning);
    expect(onWarning).toHaveBeenCalledTimes(1);
  });
});
