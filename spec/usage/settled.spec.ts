import { refusePromise, refuseUnsettled } from '../../lib/usage/settled';
import { refusal } from './subjects';

/** An object whose member comes from a getter, which may not be touched. */
function withGetter(name: string, prototype: object | null = Object.prototype): object {
  const get = (): never => {
    throw new Error('the getter was touched');
  };
  return Object.create(prototype, { [name]: { get, enumerable: true } }) as object;
}

const thenable = { then: (): void => undefined };

describe('refuseUnsettled', () => {
  it.each<[string, object]>([
    ['a promise', Promise.resolve({})],
    ['a promise of another library', thenable],
    ['what inherits from one', Object.create(thenable) as object],
    ['textStream', withGetter('textStream')],
    ['fullStream', withGetter('fullStream')],
    ['partialObjectStream', withGetter('partialObjectStream')],
    ['elementStream', withGetter('elementStream')],
    ['consumeStream', { consumeStream: (): void => undefined }],
    ['steps from a getter', withGetter('steps')],
    ['steps from a getter of its class', Object.create(withGetter('steps')) as object],
  ])('refuses %s, and touches no getter', (_name, payload) => {
    const error = refusal(() => refuseUnsettled(payload));
    expect(error).toMatchObject({ code: 'validation_error' });
    expect(error.message).toContain('await it');
  });

  it.each<[string, object]>([
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null) as object],
    ['steps as an ordinary member', { steps: [] }],
    ['steps as an ordinary member of its class', Object.create({ steps: [] }) as object],
    ['its own steps, over a getter of its class', Object.assign(Object.create({}), { steps: [] }) as object],
    ['a text under the name of a method of promises', { then: 'the end' }],
    ['a getter under the name of a method of promises', withGetter('then')],
    ['another getter', withGetter('usage')],
  ])('takes %s', (_name, payload) => {
    expect(() => refuseUnsettled(payload)).not.toThrow();
  });
});

describe('refusePromise', () => {
  it('refuses a promise with its path, and sees to its rejection', () => {
    const usage = Promise.reject(new Error('no usage'));
    const caught = jest.spyOn(usage, 'catch');
    const error = refusal(() => refusePromise(usage, 'steps.0.usage'));
    expect(error).toMatchObject({ details: { issues: [{ path: 'steps.0.usage' }] } });
    expect(caught).toHaveBeenCalledTimes(1);
  });

  it('refuses a promise of another library, without starting it', () => {
    const then = jest.fn();
    expect(refusal(() => refusePromise({ then }, 'usage')).message).toContain('await it');
    expect(then).not.toHaveBeenCalled();
  });

  it('takes an object', () => {
    expect(() => refusePromise({ then: 5 }, 'usage')).not.toThrow();
  });
});
