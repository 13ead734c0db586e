import { portOf } from '../../lib/attachment';
import fc from 'fast-check';
import { Run } from 'agent-run';
import { pendingRun } from './subjects';

describe('Run .totals', () => {
  it("are the run's own use where it has no children", () => {
    const run = pendingRun()
      .incrementTurn()
      .updateTokenUsage({ input_tokens: 5, details: { cached: 2 } });
    expect(run.totals).toEqual({
      runs: 1,
      turns: 1,
      tokenUsage: { input_tokens: 5, details: { cached: 2 } },
      costUsd: null,
    });
    expect(run.addCost(0.1).totals.costUsd).toBe(0.1);
  });

  it('see what a descendant uses the moment it arrives, at every level', () => {
    const grandparent = pendingRun();
    const parent = grandparent.createChild();
    const child = parent.createChild();
    const seen: unknown[] = [];
    child.on('turnIncremented', () => seen.push(grandparent.totals.turns, parent.totals.turns));
    child.on('usageUpdated', () => seen.push(grandparent.totals.tokenUsage, parent.totals.costUsd));
    child.incrementTurn().updateTokenUsage({ input_tokens: 7 }).addCost(0.25);
    expect(seen).toEqual([1, 1, { input_tokens: 7 }, null, { input_tokens: 7 }, 0.25]);
    expect(grandparent.totals).toEqual({ runs: 3, turns: 1, tokenUsage: { input_tokens: 7 }, costUsd: 0.25 });
    expect(parent.totals.runs).toBe(2);
    expect(child.totals.runs).toBe(1);
  });

  it('leave the records with their own use only', () => {
    const parent = pendingRun().incrementTurn().updateTokenUsage({ input_tokens: 1 }).addCost(0.5);
    parent.createChild().incrementTurn().updateTokenUsage({ input_tokens: 10 }).addCost(0.25);
    expect(parent.toJSON()).toMatchObject({ turn_count: 1, token_usage: { input_tokens: 1 }, cost_usd: 0.5 });
    expect(parent.totals).toMatchObject({ turns: 2, tokenUsage: { input_tokens: 11 }, costUsd: 0.75 });
  });

  it('keep what an ended child used, and count what it reports late', () => {
    const parent = pendingRun();
    const child = parent.createChild().updateTokenUsage({ input_tokens: 10 });
    child.setOutput({ response: 'done' });
    child.updateTokenUsage({ input_tokens: 5 }).addCost(0.125);
    expect(parent.totals).toEqual({ runs: 2, turns: 0, tokenUsage: { input_tokens: 15 }, costUsd: 0.125 });
    parent.cancel();
    child.addCost(0.125);
    expect(parent.totals.costUsd).toBe(0.25);
  });

  it('follow corrections', () => {
    const parent = pendingRun();
    const child = parent.createChild();
    portOf(child).recordUsage({ input_tokens: 10, unpriced_requests: 1 }, 0.5);
    portOf(child).recordUsage({ input_tokens: -4, unpriced_requests: -1 }, -0.25);
    expect(parent.totals).toMatchObject({
      tokenUsage: { input_tokens: 6, unpriced_requests: 0 },
      costUsd: 0.25,
    });
  });

  it('do not drift: ten thousand cents from children are a hundred dollars', () => {
    const parent = pendingRun();
    const children = [parent.createChild(), parent.createChild()];
    for (let index = 0; index < 10_000; index++) children[index % 2]!.addCost(0.01);
    expect(parent.totals.costUsd).toBe(100);
  });

  it('are frozen copies', () => {
    const parent = pendingRun();
    const child = parent.createChild().updateTokenUsage({ nested: { count: 1 } });
    const { tokenUsage } = parent.totals;
    expect(Object.isFrozen(tokenUsage)).toBe(true);
    expect(Object.isFrozen(tokenUsage['nested'])).toBe(true);
    child.updateTokenUsage({ nested: { count: 1 } });
    expect(tokenUsage).toEqual({ nested: { count: 1 } });
  });

  it("are of this process: a parent's record brings none of its children's", () => {
    const parent = pendingRun().incrementTurn();
    parent.createChild().incrementTurn();
    expect(Run.fromJSON(parent.toJSON()).totals).toMatchObject({ runs: 1, turns: 1 });
  });

  it('are the sum over the records of any tree', () => {
    const report = fc.record({
      parent: fc.nat(20),
      turns: fc.nat(3),
      input: fc.nat(1_000),
      cents: fc.nat(100),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 20 }), (reports) => {
        const root = pendingRun();
        const runs: Run[] = [root];
        for (const { parent, turns, input, cents, ends } of reports) {
          const lasting = runs.filter(({ isTerminal }) => !isTerminal);
          const run = lasting[parent % lasting.length]!.createChild();
          runs.push(run);
          for (let turn = 0; turn < turns; turn++) run.incrementTurn();
          run.updateTokenUsage({ input_tokens: input }).addCost(cents / 100);
          if (ends) run.cancel();
        }
        const sum = (valueOf: (run: Run) => number): number =>
          runs.reduce((total, run) => total + valueOf(run), 0);
        const { totals } = root;
        expect(totals.runs).toBe(runs.length);
        expect(totals.turns).toBe(sum(({ turnCount }) => turnCount));
        expect(totals.tokenUsage.input_tokens ?? 0).toBe(sum((run) => run.tokenUsage.input_tokens ?? 0));
        expect(totals.costUsd ?? 0).toBeCloseTo(
          sum(({ costUsd }) => costUsd ?? 0),
          9,
        );
      }),
    );
  });
});
