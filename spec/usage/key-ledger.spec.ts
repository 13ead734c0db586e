import type { Amounts } from '../../lib/usage/amount';
import type { Counts } from '../../lib/usage/counts';
import { KeyLedger } from '../../lib/usage/key-ledger';
import type { Reading, Readings } from '../../lib/usage/reading';
import { requestReadings } from '../../lib/usage/reading';

function reading(counts: Counts, more: Partial<Reading> = {}): Reading {
  return { model: 'house', counts, costUsd: null, tier: null, id: null, ...more };
}

function snapshot(counts: Counts, more: Partial<Readings> = {}): Readings {
  return requestReadings([reading(counts)], { scope: 'cumulative', ...more });
}

/** Takes over the snapshot; what it changes. */
function take(ledger: KeyLedger, readings: Readings): Amounts {
  const comparison = ledger.compare(readings, () => null);
  ledger.replace(comparison, readings);
  return comparison.changes;
}

const used = (counts: Counts, costUsd: number | null = null): Amounts =>
  new Map([['house', { counts, costUsd, unpriced: 0 }]]);

describe('KeyLedger', () => {
  it('has nothing at first', () => {
    expect(new KeyLedger().state).toMatchObject({
      settled: new Map(),
      since: new Map(),
      seeded: new Map(),
      snapshot: null,
      snapshots: 0,
      isFinal: false,
    });
  });

  it('goes on from its state', () => {
    const ledger = new KeyLedger({ isFinal: true, snapshots: 3, snapshot: { output_tokens: 5 } });
    expect(new KeyLedger(ledger.state).state).toEqual(ledger.state);
    expect([ledger.isFinal, ledger.snapshots]).toEqual([true, 3]);
  });

  it('counts a request for a first snapshot, of zeros too', () => {
    expect(take(new KeyLedger(), snapshot({ output_tokens: 0 })).get('house')?.counts.requests).toBe(1);
  });

  it('keeps what a total by model leaves out', () => {
    const ledger = new KeyLedger();
    const counts = { output_tokens: 9, reasoning_tokens: 5, total_tokens: 9, requests: 1 };
    ledger.add('house', { counts, costUsd: null, unpriced: 0 });
    const changes = take(
      ledger,
      snapshot({ output_tokens: 9, total_tokens: 9 }, { byModel: true, costUsd: 1 }),
    );
    expect(changes.get('house')?.counts.reasoning_tokens).toBe(0);
    expect(ledger.state.settled.get('house')?.counts).toEqual(counts);
  });

  it('adds up what a total by model has twice under one name', () => {
    const list = [reading({ output_tokens: 2 }), reading({ output_tokens: 3 })];
    const changes = take(new KeyLedger(), requestReadings(list, { byModel: true, costUsd: 1 }));
    expect(changes.get('house')?.counts.output_tokens).toBe(5);
  });

  describe('.seed()', () => {
    it('is never the last word, and holds until a new start', () => {
      const ledger = new KeyLedger();
      ledger.seed(used({ output_tokens: 5 }, 1), snapshot({ output_tokens: 5 }, { isFinal: true }));
      expect(ledger.state).toMatchObject({ isFinal: false, snapshots: 1, snapshot: { output_tokens: 5 } });
      for (const output of [5, 7]) {
        take(ledger, snapshot({ output_tokens: output }, { costUsd: 0.5 }));
        expect(ledger.state.seeded).toEqual(used({ output_tokens: 5 }, 1));
        expect(ledger.state.settled.get('house')?.costUsd).toBe(1);
      }
      take(ledger, snapshot({ output_tokens: 6 }, { costUsd: 0.5 }));
      expect(ledger.state.seeded.size).toBe(0);
    });
  });
});
