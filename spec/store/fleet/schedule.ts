/** One schedule of a fleet: machines that execute runs, and all that can happen to them. */
import type { AnyRun } from 'agent-run';
import { Run, RunError } from 'agent-run';
import type { WhenBusy } from 'agent-run/store';
import { encodeText } from '../../../lib/store/column-text';
import type { StoreBackend } from '../../../lib/store/backend';
import { takeIn } from '../../../lib/store/take-in';
import { MemoryBackend } from '../../../lib/store/memory/backend';
import type { Executed } from './ledger';
import { Ledger } from './ledger';
import type { Cluster } from './machine';
import { CALM, Machine } from './machine';
import { verdictOn } from './verdict';
import type { World } from './world';

/** A fault that is put into the database, or into how stores are set up, on purpose. */
export interface Plant {
  readonly backend?: (backend: StoreBackend, world: World) => StoreBackend;
  readonly options?: Partial<typeof OPTIONS>;
}

const LEASE_MS = 3_000;
const BUSY_MS = 8_000;
const SETTLE_MS = 13_000;
const OPTIONS = { callTimeoutMs: 400, retryForMs: 5_000, pollMs: 1_000 };

/**
 * Lets a fleet live by the seed of its world.
 *
 * @returns what is wrong afterwards; nothing where every promise of the stores was kept.
 */
export async function faultsOf(world: World, plant: Plant = {}): Promise<string[]> {
  const schedule = new Schedule(world, plant);
  return schedule.play();
}

class Schedule {
  readonly #world: World;
  readonly #truth = new MemoryBackend();
  readonly #cluster: Cluster;
  readonly #ledger = new Ledger();
  readonly #sessions: readonly string[];
  readonly #whenBusy: WhenBusy;
  readonly #options: typeof OPTIONS;
  #runs = 0;
  #born = 0;
  #isOver = false;
  #lastOutageAt = -Infinity;
  #isClosing = false;

  constructor(world: World, plant: Plant) {
    this.#world = world;
    this.#sessions = world.chance(0.5) ? ['s1'] : ['s1', 's2', 's3'];
    this.#whenBusy = world.pick(['allow', 'reject', 'queue', 'cancel-previous'] as const);
    this.#options = { ...OPTIONS, ...plant.options };
    const watched = this.#watched(this.#truth);
    const backend = plant.backend?.(watched, world) ?? watched;
    this.#cluster = { world, backend, machines: [], weather: CALM, isAway: false };
  }

  async play(): Promise<string[]> {
    const world = this.#world;
    const count = world.between(2, 3);
    for (let index = 0; index < count; index++) this.#boot();
    for (let index = world.between(4, 10); index > 0; index--) {
      world.at(world.between(0, BUSY_MS), () => this.#act());
    }
    for (let index = world.between(0, 4); index > 0; index--) {
      world.at(world.between(0, BUSY_MS), () => this.#strike());
    }
    await world.runUntil(BUSY_MS);
    this.#isOver = true;
    Object.assign(this.#cluster, { weather: CALM, isAway: false });
    this.#boot();
    await world.runUntil(BUSY_MS + SETTLE_MS);
    return this.#end();
  }

  async #end(): Promise<string[]> {
    const ledger = this.#ledger;
    this.#isClosing = true;
    await this.#world.runUntil(this.#world.now + 4_000);
    const living = this.#cluster.machines.filter(({ isAlive }) => isAlive);
    for (const executed of ledger.executed.values()) {
      if (executed.machine.isAlive) void ledger.flush(executed);
    }
    await this.#world.runUntil(this.#world.now + 2_000);
    const before = ledger.waiting().filter((what) => !what.startsWith('watch'));
    for (const machine of living) void ledger.expect(machine, 'close', machine.store.close());
    await this.#world.runUntil(this.#world.now + 8_000);
    const rows = await this.#truth.list({ limit: 1_000 });
    const { entries } = await this.#truth.journal({ limit: 100_000 });
    return [...before, ...ledger.waiting(), ...verdictOn({ rows, entries, ledger })];
  }

  #boot(): Machine {
    const machine = new Machine(`m${(this.#born += 1)}`, this.#cluster, {
      ...this.#options,
      track: {
        leaseMs: LEASE_MS,
        whenBusy: this.#whenBusy,
        onError: ({ run, error, willRetry }) => {
          if (!willRetry && error.code === 'storage_error') this.#recordAgain(machine, run);
        },
      },
    });
    void this.#ledger.expect(machine, 'watch', this.#watch(machine)).catch(() => undefined);
    const sweep = (): void => {
      if (this.#isClosing) return;
      void this.#recover(machine);
      machine.clock.after(this.#world.between(800, 1_600), sweep, false);
    };
    sweep();
    return machine;
  }

  /** What a service does whose recorder has failed, once the database may have been mended. */
  #recordAgain(machine: Machine, run: AnyRun): void {
    this.#ledger.recordedAgain.add(run.id);
    machine.clock.after(
      this.#world.between(1, 300),
      () => {
        const executed = this.#ledger.executed.get(run.id);
        if (executed?.run === run && !this.#isClosing) executed.recorder = machine.store.track(run);
      },
      false,
    );
  }

  /** Reads on from where it was when the database was away for longer than a reader waits. */
  async #watch(machine: Machine): Promise<void> {
    const seen: number[] = [];
    this.#ledger.seen.set(machine, seen);
    while (!this.#isClosing) {
      try {
        const entries = machine.store.watch({ afterPosition: seen.at(-1) ?? 0 });
        for await (const { position } of entries) seen.push(position);
      } catch (error) {
        if (!(error instanceof RunError && error.retryable)) throw error;
      }
    }
  }

  async #recover(machine: Machine): Promise<void> {
    try {
      const ended = await this.#ledger.expect(machine, 'recover', machine.store.recover());
      for (const run of ended) this.#judgeEnd(run, machine);
    } catch {
      // The database is away, or the store closed.
    }
  }

  /** Nobody ends the healthy run of another. */
  #judgeEnd(run: AnyRun, by: Machine): void {
    this.#ledger.takenOver.add(run.id);
    this.#ledger.acknowledge(run.id, { turns: 0, tokens: 0, end: run.status });
    const machine = this.#ledger.executed.get(run.id)?.machine;
    if (run.status !== 'failed' || machine === undefined || !this.#couldKnow(by)) return;
    const isHealthy =
      machine.isAlive && machine.longestFreezeMs < LEASE_MS / 4 && machine.mishapsInLast(2 * LEASE_MS) <= 2;
    if (isHealthy) this.#ledger.faults.push(`${run.id} was healthy, and ended as orphaned`);
  }

  /** Who was not there in an outage, or stood still in it, cannot tell it from a death. */
  #couldKnow(by: Machine): boolean {
    return this.#lastOutageAt === -Infinity || (by.bornAt < this.#lastOutageAt && by.longestFreezeMs === 0);
  }

  #act(): void {
    const machine = this.#world.pick(this.#cluster.machines.filter(({ isAlive }) => isAlive));
    const known = [...this.#ledger.executed.keys()];
    const drawn = this.#world.random();
    if (known.length === 0 || drawn < 0.48) this.#execute(machine);
    else if (drawn < 0.53) this.#deliverTwice(machine);
    else if (drawn < 0.58) void this.#glance(machine, this.#world.pick(known));
    else if (drawn < 0.75) void this.#cancel(machine, this.#world.pick(known));
    else if (drawn < 0.85) void this.#waitFor(machine, this.#world.pick(known));
    else if (drawn < 0.97) void this.#answer(machine, this.#world.pick(known));
    else void this.#delete(machine, this.#world.pick(known));
  }

  #strike(): void {
    const world = this.#world;
    const living = this.#cluster.machines.filter(({ isAlive }) => isAlive);
    const machine = world.pick(living);
    const drawn = world.random();
    if (drawn < 0.3) {
      machine.kill();
      if (living.length === 1 || world.chance(0.5)) this.#boot();
    } else if (drawn < 0.5) machine.freeze(world.between(50, 2 * LEASE_MS));
    else if (drawn < 0.7) this.#outage(world.between(200, 5_000));
    else this.#storm();
  }

  #outage(ms: number): void {
    this.#lastOutageAt = this.#world.now;
    this.#cluster.isAway = true;
    this.#world.at(ms, () => {
      this.#cluster.isAway = false;
    });
  }

  #storm(): void {
    const share = (): number => this.#world.random() * 0.06;
    const refused = this.#world.chance(0.3) ? 2 * share() : 0;
    this.#cluster.weather = { lostRequest: share(), lostAnswer: share(), late: share(), refused };
    this.#world.at(this.#world.between(500, 4_000), () => {
      this.#cluster.weather = CALM;
    });
  }

  #execute(machine: Machine): void {
    const run = new Run({
      id: `run-${(this.#runs += 1)}`,
      sessionId: this.#world.pick(this.#sessions),
      input: {},
    });
    this.#follow({ run, machine, recorder: machine.store.track(run) });
  }

  /** One message comes to two processes, or twice to one: its function is called by one of them. */
  #deliverTwice(first: Machine): void {
    const second = this.#world.pick(this.#cluster.machines.filter(({ isAlive }) => isAlive));
    const attributes = {
      id: `run-${(this.#runs += 1)}`,
      sessionId: this.#world.pick(this.#sessions),
      input: {},
    };
    for (const machine of [first, second]) {
      machine.clock.after(
        this.#world.between(0, 50),
        () => {
          const run = new Run(attributes);
          const executed = { run, machine, recorder: takeIn(machine.store, run) };
          const done = run.execute(({ signal }) => {
            this.#ledger.call(run.id);
            this.#ledger.executed.set(run.id, executed);
            return this.#agent(executed, signal, true);
          });
          void this.#ledger.expect(machine, `execute of ${run.id}`, done).then(
            () => this.#ledger.flush(executed),
            () => undefined,
          );
        },
        false,
      );
    }
  }

  /** Looks at the journal of a run or of a session for a while, and turns away. */
  async #glance(machine: Machine, runId: string): Promise<void> {
    const { store, clock } = machine;
    const entries = this.#world.chance(0.5)
      ? store.watch({ runId })
      : store.watch({ sessionId: this.#world.pick(this.#sessions) });
    const reading = (async () => {
      for await (const entry of entries) if (entry.seq < 0) break;
    })();
    void this.#ledger.expect(machine, `a glance at ${runId}`, reading).catch(() => undefined);
    await new Promise<void>((resolve) => {
      clock.after(this.#world.between(10, 3_000), resolve, false);
    });
    await this.#ledger.expect(machine, `the end of a glance at ${runId}`, entries.return(undefined));
  }

  #follow(executed: Executed): void {
    const { run, machine } = executed;
    this.#ledger.executed.set(run.id, executed);
    const done = run.execute(({ signal, resumed }) => this.#agent(executed, signal, resumed !== null));
    void this.#ledger
      .expect(machine, `execute of ${run.id}`, done)
      .catch(() => undefined)
      .then(() => this.#ledger.flush(executed));
  }

  /** What a run does: turns, flushes, a sub-agent, a question. */
  async #agent(executed: Executed, signal: AbortSignal, isResumed: boolean): Promise<unknown> {
    const { run, machine } = executed;
    const world = this.#world;
    for (let turns = world.between(1, 4); turns > 0; turns--) {
      run.incrementTurn();
      run.updateTokenUsage({ input_tokens: world.between(1, 100) });
      await pause(machine, world.between(5, 600), signal);
      if (world.chance(0.4)) await this.#ledger.flush(executed);
      if (world.chance(0.2)) await this.#delegate(run, machine, signal);
    }
    if (!isResumed && !this.#isOver && world.chance(0.2)) {
      return run.park({
        reason: 'approval',
        ...(world.chance(0.3) ? { expiresInMs: world.between(500, 5_000) } : {}),
      });
    }
    if (world.chance(0.15)) throw new Error('The tool does not answer');
    return { ok: true };
  }

  async #delegate(parent: AnyRun, machine: Machine, signal: AbortSignal): Promise<void> {
    if (parent.isTerminal || signal.aborted) return;
    const child = parent.createChild({ id: `run-${(this.#runs += 1)}` });
    this.#ledger.executed.set(child.id, { run: child, machine, recorder: machine.store.track(child) });
    const work = child.execute(async ({ run, signal: own }) => {
      run.incrementTurn();
      run.updateTokenUsage({ input_tokens: this.#world.between(1, 100) });
      await pause(machine, this.#world.between(5, 300), own);
      return { ok: true };
    });
    await this.#ledger.expect(machine, `execute of ${child.id}`, work).catch(() => undefined);
  }

  async #cancel(machine: Machine, id: string): Promise<void> {
    try {
      const run = await this.#ledger.expect(machine, `cancel of ${id}`, machine.store.cancel(id));
      this.#ledger.acknowledge(id, { turns: 0, tokens: 0, end: run.status });
    } catch {
      // It had ended, was gone, or the database is away.
    }
  }

  async #answer(machine: Machine, id: string): Promise<void> {
    try {
      await this.#ledger.expect(machine, `answer of ${id}`, machine.store.answer(id, { approved: true }));
      const run = await this.#ledger.expect(machine, `get of ${id}`, machine.store.get(id));
      if (run?.awaiting?.answer === undefined || !machine.isAlive) return;
      this.#ledger.takenOver.add(id);
      this.#follow({ run, machine, recorder: takeIn(machine.store, run) });
    } catch {
      // It waits for nothing.
    }
  }

  async #waitFor(machine: Machine, id: string): Promise<void> {
    const signal = new AbortController();
    machine.clock.after(BUSY_MS + SETTLE_MS / 2, () => signal.abort(), false);
    try {
      const run = await this.#ledger.expect(
        machine,
        `wait for ${id}`,
        machine.store.waitFor(id, { signal: signal.signal }),
      );
      this.#ledger.acknowledge(id, { turns: 0, tokens: 0, end: run.status });
    } catch {
      // It is gone, or the database is away.
    }
  }

  async #delete(machine: Machine, id: string): Promise<void> {
    this.#ledger.deleted.add(id);
    await this.#ledger.expect(machine, `delete of ${id}`, machine.store.delete(id)).catch(() => undefined);
  }

  /** The database, telling all machines of commits, and looking after each whether a session has two runs. */
  #watched(truth: StoreBackend): StoreBackend {
    const tell = (runIds: readonly string[], sessionIds: readonly string[]): void => {
      for (const machine of this.#cluster.machines) machine.hear({ runIds, sessionIds });
    };
    const look = async (sessionId: string): Promise<void> => {
      const active = await truth.list({ sessionId, active: true, limit: 10 }, ['id']);
      if (this.#whenBusy === 'allow' || active.length <= 1) return;
      this.#ledger.faults.push(`${active.map(({ id }) => id).join(' and ')} are both active in ${sessionId}`);
    };
    return {
      ...bound(truth),
      apply: async (writes) => {
        const outcomes = await truth.apply(writes);
        const applied = writes.filter((_, index) => outcomes[index] === 'applied');
        for (const { sessionId } of applied) await look(sessionId);
        // A renewal is nothing to tell of.
        const logged = applied.filter(({ entries }) => entries.length > 0);
        if (logged.length > 0) {
          tell(
            logged.map(({ id }) => id),
            logged.map(({ sessionId }) => sessionId),
          );
        }
        return outcomes;
      },
      update: async (id, decide) => {
        const outcome = await truth.update(id, decide);
        const row = await truth.read(id);
        if (outcome === 'applied' && row !== null) tell([id], [row.session_id]);
        return outcome;
      },
      delete: async (id) => {
        const isGone = await truth.delete(id);
        if (isGone) tell([encodeText(id)], []);
        return isGone;
      },
    };
  }
}

function bound(truth: StoreBackend): StoreBackend {
  return {
    apply: (writes) => truth.apply(writes),
    update: (id, decide) => truth.update(id, decide),
    read: (id) => truth.read(id),
    list: (query, columns) => truth.list(query, columns),
    scan: (filter, columns, from) => truth.scan(filter, columns, from),
    stale: (query) => truth.stale(query),
    journal: (query) => truth.journal(query),
    head: () => truth.head(),
    delete: (id) => truth.delete(id),
    prune: (query) => truth.prune(query),
    close: () => Promise.resolve(),
  };
}

/** Virtual time passes; an abort ends it at once. */
function pause(machine: Machine, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    machine.clock.after(ms, resolve, false);
  });
}
