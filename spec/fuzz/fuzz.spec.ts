import { Run, RUN_TRANSITIONS } from 'agent-run';
import type { AnyRun, RunStatus } from 'agent-run';
import type { RunChange } from '../../lib/attachment';
import { portOf } from '../../lib/attachment';
import { never, untilAborted } from '../execution/subjects';

/** How long to go on; a few seconds with the other tests, longer on request. */
const SECONDS = Number(process.env['AGENT_RUN_FUZZ_SECONDS'] ?? 2);

/** A number generator that gives the same numbers for the same seed (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What a run has to be, as far as its own calls say. */
interface Model {
  status: RunStatus;
  turns: number;
  tokens: number;
  costUsd: number | null;
  readonly parent: Run | null;
  readonly depth: number;
  readonly moves: [from: RunStatus, to: RunStatus][];
}

/** A tree of runs under random calls, beside a model of them. */
class World {
  readonly models = new Map<Run, Model>();
  readonly failures: unknown[] = [];
  readonly #pick: (below: number) => number;
  #depth = 0;

  constructor(seed: number) {
    this.#pick = generator(seed);
    this.#add(new Run({ sessionId: 's' }), null);
  }

  /** One call of a run of the tree, by the user or by a listener. */
  act(): void {
    const runs = [...this.models.keys()];
    const run = runs[this.#pick(runs.length)]!;
    const model = this.models.get(run)!;
    const before = { status: run.status, turnCount: run.turnCount };
    try {
      ACTIONS[this.#pick(ACTIONS.length)]!(run, this);
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
    }
    expect(run.turnCount).toBeGreaterThanOrEqual(before.turnCount);
    if (RUN_TRANSITIONS[before.status].length === 0) expect(run.status).toBe(before.status);
    expect(model.status).toBe(run.status);
  }

  makeChild(parent: Run): void {
    if (this.models.get(parent)!.depth < 4 && this.models.size < 12) this.#add(parent.createChild(), parent);
  }

  /** A listener that does one of the things that listeners do wrong. */
  listenTo(run: Run): void {
    const names = ['statusChanged', 'turnIncremented', 'usageUpdated', 'attributesChanged', 'noted'] as const;
    const name = names[this.#pick(names.length)]!;
    const kind = this.#pick(5);
    (run as AnyRun).on(name, (event: object): unknown => {
      if (kind === 0) throw new Error('a listener that throws');
      if (kind === 1) return Promise.reject(new Error('a listener that rejects'));
      if (kind === 2) Reflect.set(event, 'at', NaN);
      else if (kind === 3 && this.models.size < 12) this.#within(() => this.act());
      else run.once(name, () => undefined);
      return undefined;
    });
  }

  check(): void {
    expect(this.failures).toEqual([]);
    for (const [run, model] of this.models) {
      expect(run.status).toBe(model.status);
      expect(run.turnCount).toBe(model.turns);
      expect(run.tokenUsage.total_tokens ?? 0).toBe(model.tokens);
      expect(run.costUsd).toBe(model.costUsd);
      expect(model.moves.filter(([, to]) => RUN_TRANSITIONS[to].length === 0).length).toBe(
        run.isTerminal ? 1 : 0,
      );
      for (const [index, [from, to]] of model.moves.entries()) {
        expect(RUN_TRANSITIONS[from]).toContain(to);
        expect(from).toBe(index === 0 ? 'pending' : model.moves[index - 1]![1]);
      }
      if (model.parent?.isTerminal === true) expect(run.isTerminal).toBe(true);
      const text = JSON.stringify(run);
      expect(JSON.stringify(Run.fromJSON(JSON.parse(text)))).toBe(text);
      this.#checkTotals(run);
    }
  }

  #checkTotals(run: Run): void {
    const family = [...this.models].filter(([each]) => this.#isWithin(each, run));
    expect(run.totals).toMatchObject({
      runs: family.length,
      turns: family.reduce((sum, [, { turns }]) => sum + turns, 0),
    });
    const tokens = family.reduce((sum, [, each]) => sum + each.tokens, 0);
    expect(run.totals.tokenUsage.total_tokens ?? 0).toBe(tokens);
  }

  #isWithin(run: Run, root: Run): boolean {
    for (let each: Run | null = run; each !== null; each = this.models.get(each)!.parent) {
      if (each === root) return true;
    }
    return false;
  }

  #within(act: () => void): void {
    if (this.#depth >= 3) return;
    this.#depth += 1;
    try {
      act();
    } finally {
      this.#depth -= 1;
    }
  }

  #add(run: Run, parent: Run | null): void {
    const depth = parent === null ? 0 : this.models.get(parent)!.depth + 1;
    const model: Model = { status: 'pending', turns: 0, tokens: 0, costUsd: null, parent, depth, moves: [] };
    this.models.set(run, model);
    run.on('listenerError', ({ error }) => {
      // What a test says within a listener is meant for the test.
      if (!String(error).includes('a listener that') && (error as { code?: string }).code === undefined) {
        this.failures.push(error);
      }
    });
    portOf(run).attach({
      changed: (...[name, event]: RunChange) => {
        if (name === 'statusChanged') {
          model.moves.push([event.from, event.to]);
          model.status = event.to;
        } else if (name === 'turnIncremented') {
          model.turns += 1;
          expect(event.turnCount).toBe(model.turns);
        } else if (name === 'usageUpdated') {
          model.tokens += event.delta.total_tokens ?? 0;
          model.costUsd = event.costUsd;
          expect(event.tokenUsage.total_tokens ?? 0).toBe(model.tokens);
        }
      },
    });
  }
}

type Action = (run: Run, world: World) => unknown;

const ACTIONS: readonly Action[] = [
  (run) => run.updateStatus('running'),
  (run) => run.updateStatus('running'),
  (run) => run.updateStatus('timeout'),
  (run) => run.updateStatus('pending'),
  (run) => run.updateStatus('nonsense' as RunStatus),
  (run) => run.incrementTurn(),
  (run) => run.incrementTurn(),
  (run) => run.updateTokenUsage({ total_tokens: 3 }),
  (run) => run.updateTokenUsage({ total_tokens: 2, details: { cached: 1 } }),
  (run) => run.updateTokenUsage({ total_tokens: -1 }),
  (run) => run.addCost(0.25),
  (run) => run.addCost(-1),
  (run) => (run.metadata = { a: 1 }),
  (run) => (run.metadata = { a: 1n }),
  (run) => (run.provider = 'openai'),
  (run) => run.draftOutput({ text: 'so far' }),
  (run) => run.setOutput({ text: 'done' }),
  (run) => run.setError(new Error('broken')),
  (run) => run.cancel('enough'),
  (run) => run.note('progress', { percent: 40 }),
  (run) => run.startStep('search').end({ found: 1 }),
  (run) => run.startStep('left open'),
  (run) => run.answer('nobody asked'),
  (run) => run.checkLimits(),
  (run) => portOf(run).endRemotely({ status: 'failed' }),
  (run) => portOf(run).recordUsage({ total_tokens: 1 }, 0.5),
  (run) => run.removeAllListeners('noted'),
  (run, world) => world.makeChild(run),
  (run, world) => world.makeChild(run),
  (run, world) => world.listenTo(run),
  (run, world) => world.listenTo(run),
];

/** The ways in which a function that is executed goes on, each with how its run may then have ended. */
const FUNCTIONS: readonly [fn: (run: Run, signal: AbortSignal) => unknown, ends: readonly RunStatus[]][] = [
  [() => ({ text: 'done' }), ['completed']],
  [() => 'a text', ['completed']],
  [() => Symbol('no JSON'), ['failed']],
  [() => Promise.reject(new Error('broken')), ['failed']],
  [(run) => run.setOutput({ text: 'inside' }), ['completed']],
  [(run) => void run.cancel(), ['cancelled']],
  [(run) => run.park({ reason: 'approval' }), ['running']],
  [(run) => void run.incrementTurn().incrementTurn(), ['completed', 'failed']],
  [(_run, signal) => untilAborted(signal), ['timeout', 'cancelled']],
  [never, ['timeout', 'cancelled']],
];

describe('Random sequences of every public operation, in trees', () => {
  it('leave each run as a model of it says', () => {
    const until = Date.now() + SECONDS * 1_000;
    let seed = 1;
    do {
      const world = new World(seed);
      try {
        for (let call = 0; call < 60; call++) world.act();
        world.check();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      seed += 1;
    } while (Date.now() < until);
    expect(seed).toBeGreaterThan(1);
  });
});

describe('Random executions under fake timers', () => {
  it('settle once, in an end that their function allows, and leave no timer', async () => {
    jest.useFakeTimers();
    let seed = 1;
    do {
      const pick = generator(seed);
      const [fn, ends] = FUNCTIONS[pick(FUNCTIONS.length)]!;
      const controller = new AbortController();
      const isLimited = pick(2) === 0;
      const run = new Run({ sessionId: 's', limits: isLimited ? { maxTurns: 1 } : null });
      const settled = jest.fn();
      const delayMs = pick(300);
      const execution = run.execute(({ signal }) => fn(run, signal), {
        timeoutMs: 100 + pick(100),
        graceMs: pick(50),
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), delayMs);
      execution.then(settled, settled);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(settled).toHaveBeenCalledTimes(1);
      expect([...ends, ...(delayMs === 0 ? ['cancelled'] : [])]).toContain(run.status);
      expect(jest.getTimerCount()).toBe(0);
      seed += 1;
    } while (seed < SECONDS * 200);
    jest.useRealTimers();
  });
});
