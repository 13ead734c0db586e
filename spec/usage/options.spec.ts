import { checkMeterOptions, checkRecordOptions } from '../../lib/usage/options';
import { refusal } from './subjects';

/** The paths of the issues that the check has. */
function pathsOf(check: () => void): string[] {
  const { code, details } = refusal(check);
  expect(code).toBe('validation_error');
  return (details['issues'] as { path: string }[]).map(({ path }) => path);
}

describe('checkMeterOptions', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['undefined for everything', { provider: undefined, model: undefined, format: undefined }],
    ['undefined for functions', { prices: undefined, onWarning: undefined }],
    ['null for texts', { provider: null, model: null, format: null }],
    ['texts', { provider: 'openai', model: 'gpt-5', format: 'gemini' }],
    ['a format of your own', { format: (): object => ({ input_tokens: 1 }) }],
    ['a table of prices', { prices: {} }],
    ['a function for prices', { prices: (): null => null }],
    ['a function for warnings', { onWarning: (): void => undefined }],
  ])('takes %s', (_name, options) => {
    expect(() => checkMeterOptions(options)).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['provider', 1],
    ['provider', {}],
    ['model', 1],
    ['model', false],
    ['format', 'xml'],
    ['format', 1],
    ['format', {}],
    ['prices', null],
    ['prices', 7],
    ['prices', 'list'],
    ['onWarning', null],
    ['onWarning', 'log'],
    ['onWarning', {}],
    ['scope', 'request'],
    ['modle', 'gpt-5'],
  ])('refuses as %s the value %p', (name, value) => {
    expect(pathsOf(() => checkMeterOptions({ [name]: value }))).toEqual([name]);
  });

  it('refuses what is no object, and looks at no option of it', () => {
    expect(pathsOf(() => checkMeterOptions(null as never))).toEqual(['']);
  });
});

describe('checkRecordOptions', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['undefined for everything', { model: undefined, key: undefined, requestId: undefined, at: undefined }],
    ['undefined for words', { format: undefined, scope: undefined }],
    ['null for texts', { model: null, requestId: null, format: null }],
    ['a request', { scope: 'request' }],
    ['a snapshot', { scope: 'cumulative', key: 'thread' }],
    ['a date', { at: new Date(0) }],
    ['the epoch', { at: 0 }],
  ])('takes %s', (_name, options) => {
    expect(() => checkRecordOptions(options)).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['model', 1],
    ['key', 1],
    ['requestId', {}],
    ['format', 'xml'],
    ['scope', 'all'],
    ['scope', null],
    ['at', 'yesterday'],
    ['at', NaN],
    ['at', new Date(NaN)],
    ['at', 8.64e15 + 1],
    ['onWarning', (): void => undefined],
    ['provider', 'openai'],
  ])('refuses as %s the value %p', (name, value) => {
    expect(pathsOf(() => checkRecordOptions({ [name]: value }))).toEqual([name]);
  });

  it('refuses what is no object, and looks at no option of it', () => {
    expect(pathsOf(() => checkRecordOptions('cumulative' as never))).toEqual(['']);
  });
});
