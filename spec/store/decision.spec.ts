import { withDecision } from '../../lib/store/decision';

describe('withDecision()', () => {
  const refusal = new Error('the run refuses');
  const refuse = (): never => {
    throw refusal;
  };

  it('hands on what the decision makes of the row', async () => {
    const decide = jest.fn(() => null);
    expect(await withDecision(decide, (decided) => Promise.resolve(decided(null)))).toBeNull();
    expect(decide).toHaveBeenCalledWith(null);
  });

  it('throws what the decision throws, whatever the database makes of it', async () => {
    const updating = withDecision(refuse, (decide) => {
      try {
        return Promise.resolve(decide(null));
      } catch {
        return Promise.reject(new Error('rolled back'));
      }
    });
    await expect(updating).rejects.toBe(refusal);
  });

  it('throws what the database throws where the decision did not', async () => {
    const away = new Error('away');
    await expect(withDecision(refuse, () => Promise.reject(away))).rejects.toBe(away);
  });
});
