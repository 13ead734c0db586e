import type { Amounts } from '../../lib/usage/amount';
import { Ledger } from '../../lib/usage/ledger';
import type { Reading, Readings, StreamedEvent } from '../../lib/usage/reading';
import { requestReadings } from '../../lib/usage/reading';
import type { AskPrice } from '../../lib/usage/snapshot-price';

/** A dollar for each token that comes out; fast ones cost six. The model `nosuch` has no price. */
const ask: AskPrice = ({ output_tokens: output = 0 }, model, tier) =>
  model === 'nosuch' ? null : output * (tier === 'fast' ? 6 : 1);

function reading(output: number, more: Partial<Reading> = {}): Reading {
  const counts = { input_tokens: 10, output_tokens: output, total_tokens: 10 + output };
  return { model: 'house', counts, costUsd: null, tier: null, id: null, ...more };
}

function requests(...list: Reading[]): Readings {
  return requestReadings(list);
}

function streamed(kind: StreamedEvent['kind'], read: Reading, agent = ''): Readings {
  return requestReadings([read], { streamed: { kind, agent, isLast: false } });
}

/** What each model used: requests, output, dollars, and how many have no price. */
function usedOf(ledger: Ledger): Record<string, [number, number, number | null, number]> {
  const models = [...ledger.models].map(([model, { amount }]) => {
    const { counts, costUsd, unpriced } = amount;
    return [model, [counts.requests ?? 0, counts.output_tokens ?? 0, costUsd, unpriced]];
  });
  return Object.fromEntries(models) as ReturnType<typeof usedOf>;
}

function outputOf(changes: Amounts): (number | undefined)[] {
  return [...changes.values()].map(({ counts }) => counts.output_tokens);
}

function idsOf(ledger: Ledger): string[] {
  return [...ledger.state.requests.keys()];
}

describe('Ledger', () => {
  describe('.addRequests()', () => {
    it('changes nothing for nothing, of a stream neither', () => {
      const ledger = new Ledger();
      const nothing = requestReadings([], { streamed: { kind: 'start', agent: '', isLast: false } });
      expect(ledger.addRequests('', nothing, 'a', ask).size).toBe(0);
      expect(ledger.addRequests('', requests(), null, ask).size).toBe(0);
      expect([idsOf(ledger), ledger.state.keys.size]).toEqual([[], 0]);
    });

    it('remembers no request that has no id', () => {
      const ledger = new Ledger();
      for (let time = 0; time < 2; time++) ledger.addRequests('', requests(reading(1)), null, ask);
      expect(usedOf(ledger)).toEqual({ house: [2, 2, 2, 0] });
      expect(idsOf(ledger)).toEqual([]);
    });

    it('numbers the requests that share an id', () => {
      const ledger = new Ledger();
      const three = requests(reading(1), reading(2), reading(3));
      expect(outputOf(ledger.addRequests('', three, 'a', ask))).toEqual([6]);
      expect(ledger.addRequests('', three, 'a', ask).size).toBe(0);
      expect(idsOf(ledger)).toEqual(['a', 'a#1', 'a#2']);
    });

    it('leaves everything as it was where a request is reported again', () => {
      const ledger = new Ledger();
      for (const id of ['a', 'b', 'a']) ledger.addRequests('', requests(reading(1)), id, ask);
      expect(idsOf(ledger)).toEqual(['a', 'b']);
      ledger.addRequests('', requests(reading(2)), 'a', ask);
      expect(idsOf(ledger)).toEqual(['b', 'a']);
    });

    it('asks for no price again where nothing has grown', () => {
      const prices = jest.fn(() => 0.5);
      const ledger = new Ledger();
      for (let time = 0; time < 2; time++) ledger.addRequests('', requests(reading(1)), 'a', prices);
      expect(prices).toHaveBeenCalledTimes(1);
    });

    it('takes a cost that comes later, once', () => {
      const ledger = new Ledger();
      const costs = [null, 0.5, 0.5, 0.25].map((costUsd) => {
        const changes = ledger.addRequests('', requests(reading(1, { costUsd })), 'a', ask);
        return [...changes.values()].map((change) => change.costUsd);
      });
      expect(costs).toEqual([[1], [-0.5], [], [-0.25]]);
    });

    it('keeps a tier that comes later, though it changes nothing yet', () => {
      const ledger = new Ledger();
      ledger.addRequests('', requests(reading(0)), 'a', ask);
      expect(ledger.addRequests('', requests(reading(0, { tier: 'fast' })), 'a', ask).size).toBe(0);
      ledger.addRequests('', requests(reading(2)), 'a', ask);
      expect(usedOf(ledger)).toEqual({ house: [1, 2, 12, 0] });
    });

    it('prices anew what turns out to be of another tier', () => {
      const ledger = new Ledger();
      ledger.addRequests('', requests(reading(2)), 'a', ask);
      ledger.addRequests('', requests(reading(2, { tier: 'fast' })), 'a', ask);
      expect(usedOf(ledger)).toEqual({ house: [1, 2, 12, 0] });
    });

    it('counts each request of a report that has no price, and one where it has none', () => {
      const ledger = new Ledger();
      const seven = { output_tokens: 7, requests: 7 };
      ledger.addRequests('', requests(reading(0, { model: 'nosuch', counts: seven })), null, ask);
      const none = { output_tokens: 1, requests: 0 };
      ledger.addRequests('', requests(reading(0, { model: 'nosuch', counts: none })), null, ask);
      expect(usedOf(ledger)).toEqual({ nosuch: [7, 8, null, 8] });
    });

    it('forgets the oldest of more than 10,000 ids', () => {
      const ledger = new Ledger();
      for (let id = 0; id <= 10_000; id++) ledger.addRequests('', requests(reading(1)), `${id}`, ask);
      expect(idsOf(ledger)).toHaveLength(10_000);
      expect(ledger.addRequests('', requests(reading(1)), '1', ask).size).toBe(0);
      expect(outputOf(ledger.addRequests('', requests(reading(1)), '0', ask))).toEqual([1]);
    });

    it('tells 1,000 models apart, and counts others as unknown', () => {
      const ledger = new Ledger();
      for (let model = 0; model < 1000; model++) {
        ledger.addRequests('', requests(reading(1, { model: `${model}` })), null, ask);
      }
      for (const model of ['999', '1000', '1001']) {
        ledger.addRequests('', requests(reading(1, { model })), null, ask);
      }
      expect(ledger.models.size).toBe(1001);
      expect(usedOf(ledger)).toMatchObject({ '999': [2, 2, 2, 0], unknown: [2, 2, 2, 0] });
    });
  });

  describe('.addRequests() after a snapshot', () => {
    const snapshot = (output: number, isFinal = false): Readings => ({
      ...requestReadings([reading(output)], { scope: 'cumulative', isFinal }),
    });

    it('adds only what a request has grown by since, at the price of the growth', () => {
      const ledger = new Ledger();
      ledger.addRequests('', requests(reading(5)), 'a', ask);
      ledger.addSnapshot('', snapshot(5), null, ask);
      expect(ledger.addRequests('', requests(reading(5)), 'a', ask).size).toBe(0);
      const changes = ledger.addRequests('', requests(reading(9)), 'a', ask);
      expect([...changes]).toEqual([
        [
          'house',
          { counts: expect.objectContaining({ output_tokens: 4 }) as unknown, costUsd: 4, unpriced: 0 },
        ],
      ]);
      expect(ledger.addRequests('', requests(reading(9)), 'a', ask).size).toBe(0);
      expect(usedOf(ledger)).toEqual({ house: [1, 9, 9, 0] });
    });

    it('adds what a message has grown by since, unless the snapshot was the last word', () => {
      const own = requests(reading(5, { id: 'a' }));
      const grown = requests(reading(9, { id: 'a' }));
      const outputs = [true, false].map((isFinal) => {
        const ledger = new Ledger();
        ledger.addRequests('', own, null, ask);
        ledger.addSnapshot('', snapshot(5, isFinal), null, ask);
        return outputOf(ledger.addRequests('', grown, null, ask));
      });
      expect(outputs).toEqual([[], [4]]);
    });

    it('adds what a request has grown by since, whatever the snapshot, where the caller names it', () => {
      const ledger = new Ledger();
      ledger.addRequests('', requests(reading(5)), 'a', ask);
      ledger.addSnapshot('', snapshot(5, true), null, ask);
      expect(outputOf(ledger.addRequests('', requests(reading(9)), 'a', ask))).toEqual([4]);
    });

    it('goes on where the key has been forgotten', () => {
      const ledger = new Ledger();
      ledger.addSnapshot('old', snapshot(5), null, ask);
      ledger.addRequests('old', requests(reading(5, { id: 'a' })), null, ask);
      for (let key = 0; key < 1000; key++) ledger.addRequests(`${key}`, requests(reading(1)), null, ask);
      expect(ledger.state.keys.has('old')).toBe(false);
      expect(outputOf(ledger.addRequests('old', requests(reading(9, { id: 'a' })), null, ask))).toEqual([4]);
    });
  });

  describe('.addSnapshot()', () => {
    const snapshot = (output: number): Readings => requests(reading(output));

    it('that is empty is no snapshot: what is lower later is still a new start', () => {
      const ledger = new Ledger();
      ledger.addSnapshot('', snapshot(9), null, ask);
      expect(ledger.addSnapshot('', requests(), 'a', ask).size).toBe(0);
      expect(idsOf(ledger)).toEqual([]);
      ledger.addSnapshot('', snapshot(4), null, ask);
      expect(usedOf(ledger)).toEqual({ house: [2, 13, 13, 0] });
    });

    it('is remembered by its id only', () => {
      const ledger = new Ledger();
      ledger.addSnapshot('', snapshot(9), null, ask);
      expect(idsOf(ledger)).toEqual([]);
      ledger.addSnapshot('', snapshot(9), 'a', ask);
      expect(idsOf(ledger)).toEqual(['a']);
    });

    it('includes the request that is reported under its id', () => {
      const ledger = new Ledger();
      ledger.addSnapshot('', snapshot(9), 'a', ask);
      expect(ledger.addRequests('', requests(reading(9)), 'a', ask).size).toBe(0);
      const changes = ledger.addRequests('', requests(reading(11)), 'a', ask);
      expect([...changes.values()]).toMatchObject([{ counts: { output_tokens: 2 }, costUsd: 2 }]);
    });
  });

  describe('.seed()', () => {
    it('remembers no request that has no id', () => {
      const ledger = new Ledger();
      ledger.seed('', requests(reading(5)), null);
      expect(idsOf(ledger)).toEqual([]);
    });

    it.each<[string, string | null, string]>([
      ['its model', 'house', 'house'],
      ['no model', null, 'unknown'],
    ])('counts what a request grows by later to %s, at the price of the growth', (_name, model, counted) => {
      const ledger = new Ledger();
      ledger.seed('', requests(reading(5, { model })), 'a');
      expect(ledger.addRequests('', requests(reading(5, { model: 'other' })), 'a', ask).size).toBe(0);
      ledger.addRequests('', requests(reading(8, { model: 'other' })), 'a', ask);
      expect(usedOf(ledger)).toEqual({ [counted]: [0, 3, 3, 0] });
    });

    it('keeps the tier of a request', () => {
      const ledger = new Ledger();
      ledger.seed('', requests(reading(5, { tier: 'fast' })), 'a');
      ledger.addRequests('', requests(reading(6)), 'a', ask);
      expect(usedOf(ledger)).toEqual({ house: [0, 1, 6, 0] });
    });
  });

  describe('an event of a stream', () => {
    it('is of the request that the caller names, whatever its message', () => {
      const ledger = new Ledger();
      for (const id of ['x', 'y']) {
        ledger.addRequests('', streamed('start', reading(1, { id: 'a' })), id, ask);
      }
      expect(idsOf(ledger)).toEqual(['x', 'y']);
    });

    it('that begins a message without an id begins another each time', () => {
      const ledger = new Ledger();
      for (let time = 0; time < 3; time++) ledger.addRequests('', streamed('start', reading(1)), null, ask);
      expect(usedOf(ledger)).toEqual({ house: [3, 3, 3, 0] });
    });

    it('goes on in the message that was begun', () => {
      const ledger = new Ledger();
      ledger.addRequests('', streamed('start', reading(1, { id: 'a' })), null, ask);
      ledger.addRequests('', streamed('delta', reading(4, { model: null })), null, ask);
      expect(usedOf(ledger)).toEqual({ house: [1, 4, 4, 0] });
      expect(idsOf(ledger)).toEqual(['a']);
    });

    it('whose beginning was not seen is of the one message of its key and agent', () => {
      const ledger = new Ledger();
      for (const output of [1, 4]) ledger.addRequests('k', streamed('delta', reading(output)), null, ask);
      ledger.addRequests('k', streamed('delta', reading(2), 'agent'), null, ask);
      ledger.addRequests('l', streamed('delta', reading(3)), null, ask);
      expect(usedOf(ledger)).toEqual({ house: [3, 9, 9, 0] });
    });
  });
});
