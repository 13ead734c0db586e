import { namesOf } from '../../lib/record/attribute-names';

describe('namesOf()', () => {
  it('gives the one list of an attribute, frozen, each time', () => {
    expect(namesOf('metadata')).toEqual(['metadata']);
    expect(namesOf('metadata')).toBe(namesOf('metadata'));
    expect(Object.isFrozen(namesOf('metadata'))).toBe(true);
    expect(namesOf('provider')).toEqual(['provider']);
  });
});
