import { isModel } from '../../lib/frameworks/openai-agents/shapes';
import { WhileUsed } from '../../lib/frameworks/openai-agents/while-used';

describe('WhileUsed', () => {
  it('applies once for all users, and undoes it when the last one is done, however often one says so', () => {
    const said: string[] = [];
    const used = new WhileUsed(() => {
      said.push('applied');
      return () => said.push('undone');
    });
    const subject = {};
    const [one, other] = [used.use(subject), used.use(subject)];
    one();
    one();
    expect(said).toEqual(['applied']);
    other();
    expect(said).toEqual(['applied', 'undone']);
    const third = used.use(subject);
    one();
    other();
    expect(said).toEqual(['applied', 'undone', 'applied']);
    third();
    expect(said).toEqual(['applied', 'undone', 'applied', 'undone']);
  });

  it('keeps objects apart', () => {
    let applied = 0;
    const used = new WhileUsed(() => {
      applied += 1;
      return () => undefined;
    });
    used.use({});
    used.use({});
    expect(applied).toBe(2);
  });
});

describe('isModel()', () => {
  const fn = (): void => undefined;
  it.each([
    [true, { getResponse: fn, getStreamedResponse: fn }],
    [false, { getResponse: fn }],
    [false, { getStreamedResponse: fn }],
    [false, {}],
    [false, 'gpt-5'],
    [false, null],
    [false, undefined],
  ])('is %j of %j', (is, value) => {
    expect(isModel(value)).toBe(is);
  });
});
