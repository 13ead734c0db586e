import fc from 'fast-check';
import { DeliveryLine } from '../../lib/record/delivery-line';

const [one, other] = [{ name: 'one' }, { name: 'other' }];

describe('DeliveryLine', () => {
  it('gives events back as they came, one by one, whenever they are taken', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (adds) => {
        const line = new DeliveryLine();
        const waiting: string[] = [];
        for (const [index, add] of adds.entries()) {
          if (add) {
            line.add(one, `event ${index}`, index, null);
            waiting.push(`event ${index}`);
          } else {
            expect(line.take()?.event).toBe(waiting.shift());
          }
        }
        while (waiting.length > 0) expect(line.take()?.event).toBe(waiting.shift());
        expect(line.take()).toBeNull();
      }),
    );
  });

  it('keeps with an event whose it is, its payload and its arguments', () => {
    const line = new DeliveryLine();
    const payload = { at: 1 };
    line.add(one, 'noted', payload, null);
    line.add(other, 'mine', 1, [1, 2]);

    expect(line.take()).toMatchObject({ emitter: one, event: 'noted', args: null });
    expect(line.take()).toMatchObject({ emitter: other, event: 'mine', payload: 1, args: [1, 2] });
  });

  it('is full for an emitter at its 1,000th event, the first being the one that set it off', () => {
    const line = new DeliveryLine();
    expect(line.isFull(one)).toBe(false);
    for (let count = 0; count < 998; count++) line.count(one);
    expect(line.isFull(one)).toBe(false);
    line.count(one);
    expect(line.isFull(one)).toBe(true);
    expect(line.isFull(other)).toBe(false);
  });

  it('counts from the start again once it has forgotten', () => {
    const line = new DeliveryLine();
    for (let count = 0; count < 999; count++) line.count(one);
    line.forget();
    expect(line.isFull(one)).toBe(false);
    line.count(one);
    expect(line.isFull(one)).toBe(false);
  });

  it('is busy until it rests', () => {
    const line = new DeliveryLine();
    expect(line.isBusy).toBe(false);
    line.isBusy = true;
    line.rest();
    expect(line.isBusy).toBe(false);
  });
});
