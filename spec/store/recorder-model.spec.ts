import fc from 'fast-check';
import { Run, RunError } from 'agent-run';
import type { JournalEntry, RunRecorder, WhenBusy } from 'agent-run/store';
import { RunStore } from 'agent-run/store';
import type { RunRecording } from '../../lib/store/run-recording';
import { recordingOf } from '../../lib/store/recorder';
import type { Answer } from '../support/flaky-backend';
import { FlakyBackend } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

class ModelStore extends RunStore {}

type Step =
  | { readonly do: 'turn' | 'usage' | 'metadata' | 'complete' | 'cancel' | 'note' | 'child' }
  | { readonly do: 'track' | 'flush' | 'stop' | 'execute' | 'close' }
  | { readonly do: 'cancel elsewhere' | 'save elsewhere' | 'delete' | 'take over' | 'occupy' | 'free' }
  | { readonly do: 'answer'; readonly answers: readonly Answer[] }
  | { readonly do: 'pass'; readonly ms: number };

const ANSWERS: readonly Answer[] = ['ok', 'away', 'lost answer', 'refused', 'hangs', 'hangs, and commits'];
const SIMPLE = [
  'turn',
  'usage',
  'metadata',
  'complete',
  'cancel',
  'note',
  'child',
  'track',
  'flush',
  'stop',
  'execute',
  'cancel elsewhere',
  'save elsewhere',
  'delete',
  'take over',
  'occupy',
  'free',
] as const;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('turn', 'usage', 'flush').map((name): Step => ({ do: name })) },
  { weight: 6, arbitrary: fc.constantFrom(...SIMPLE).map((name): Step => ({ do: name })) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 15, 60, 400, 1_500).map((ms): Step => ({ do: 'pass', ms })) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom(...ANSWERS), { minLength: 1, maxLength: 3 })
      .map((answers): Step => ({ do: 'answer', answers })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'close' }) },
);

/** What was true of the run when a `flush` was asked that resolved. */
interface Acknowledged {
  readonly turns: number;
  readonly tokens: number;
  readonly status: string;
}

/** One store with one run, others on the same rows, and everything that was promised. */
class World {
  readonly clock: VirtualClock;
  readonly backend = new FlakyBackend();
  readonly store: RunStore;
  readonly other: RunStore;
  readonly run = new Run({ sessionId: 'session-1' });
  readonly acknowledged: Acknowledged[] = [];
  readonly #whenBusy: WhenBusy;
  readonly #pending = new Set<string>();
  readonly #recordings = new Set<RunRecording>();
  recorder: RunRecorder | null = null;
  /** Whether somebody else has removed, taken over or ended the run. */
  isDisturbed = false;
  #occupant: Run | null = null;
  #count = 0;

  constructor(whenBusy: WhenBusy, seed: number) {
    this.#whenBusy = whenBusy;
    this.clock = new VirtualClock(seed);
    const track = { onError: () => undefined };
    const options = { retryForMs: 500, callTimeoutMs: 100, track };
    this.store = new ModelStore(this.backend, options, this.clock);
    this.other = new ModelStore(this.backend, options, this.clock);
  }

  get unsettled(): readonly string[] {
    return [...this.#pending];
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'pass') await this.clock.pass(next.ms);
    else if (next.do === 'answer') this.backend.answers = [...next.answers];
    else this.#act(next.do);
    this.checkStates();
  }

  /** Calms everything down: from here on the database answers. */
  async end(): Promise<void> {
    this.backend.answers = [];
    await this.clock.pass(5_000);
    this.checkStates();
    this.#promise('close', () => this.store.close());
    await this.clock.pass(5_000);
    this.#promise('close of the other', () => this.other.close());
    await this.clock.pass(5_000);
    this.checkStates();
  }

  /** Only what the chart has. */
  checkStates(): void {
    for (const { state } of this.#recordings) {
      if (state.name !== 'recording') continue;
      const { step: current, lease } = state;
      expect(['idle', 'due', 'writing', 'waiting']).toContain(current.name);
      if (current.name === 'waiting') expect(lease).toBe('none');
      if (current.name === 'writing') expect(current.write.id).toBe(this.run.id);
    }
  }

  #act(name: Exclude<Step, { do: 'pass' | 'answer' }>['do']): void {
    const { run } = this;
    if (name === 'turn') this.#change(() => run.incrementTurn());
    else if (name === 'usage') run.updateTokenUsage({ input_tokens: 1 });
    else if (name === 'metadata') run.metadata = { count: (this.#count += 1) };
    else if (name === 'complete') this.#change(() => run.setOutput({ done: true }));
    else if (name === 'cancel') this.#change(() => run.cancel());
    else if (name === 'note') this.#change(() => run.note('noted'));
    else if (name === 'child') this.#change(() => run.createChild());
    else if (name === 'execute') this.#promise(name, () => run.execute(() => undefined));
    else if (name === 'close') this.#promise(name, () => this.store.close());
    else if (name === 'track') this.#track();
    else if (name === 'flush') this.#flush();
    else if (name === 'stop') this.#promise(name, () => this.recorder?.stop());
    else this.#disturb(name);
  }

  #disturb(name: 'cancel elsewhere' | 'save elsewhere' | 'delete' | 'take over' | 'occupy' | 'free'): void {
    const { other, run } = this;
    if (name === 'occupy') this.#occupy();
    else if (name === 'free') this.#free();
    else if (name === 'cancel elsewhere') this.#elsewhere(() => other.cancel(run.id));
    else if (name === 'delete') this.#elsewhere(() => other.delete(run.id));
    else if (name === 'take over') this.#elsewhere(() => this.#takeOver());
    else this.#promise(name, () => this.#saveElsewhere());
  }

  #track(): void {
    try {
      this.recorder = this.store.track(this.run, { whenBusy: this.#whenBusy, maxBuffered: 40 });
      this.#recordings.add(recordingOf(this.recorder));
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_operation' });
    }
  }

  #flush(): void {
    const { recorder, run } = this;
    if (recorder === null) return;
    const isRecorded = recordingOf(recorder).state.name === 'recording';
    const tokens = run.tokenUsage.input_tokens ?? 0;
    const known = { turns: run.turnCount, tokens, status: run.status };
    this.#promise('flush', async () => {
      await recorder.flush();
      if (isRecorded) this.acknowledged.push(known);
    });
  }

  async #saveElsewhere(): Promise<void> {
    const copy = await this.other.get(this.run.id);
    if (copy === null) return;
    copy.providerMetadata = { saved: 'elsewhere' };
    await this.other.save(copy);
  }

  /** As if the lease had run out. */
  async #takeOver(): Promise<void> {
    const copy = await this.other.get(this.run.id);
    if (copy?.status !== 'running') return;
    copy.cancel('Taken over');
    await this.other.save(copy);
  }

  #occupy(): void {
    const run = new Run({ sessionId: 'session-1' });
    this.#occupant = run;
    this.#promise('occupy', () => this.other.track(run.updateStatus('running')).flush());
  }

  #free(): void {
    const run = this.#occupant;
    this.#occupant = null;
    if (run === null || run.isTerminal) return;
    run.setOutput({});
    this.#promise('free', () => this.other.track(run).flush());
  }

  #elsewhere(act: () => Promise<unknown>): void {
    this.isDisturbed = true;
    this.#promise('elsewhere', act);
  }

  /** What an ended run refuses is no news. */
  #change(change: () => unknown): void {
    try {
      change();
    } catch (error) {
      expect(error).toBeInstanceOf(RunError);
    }
  }

  /** Every promise settles; it may reject, with an error of ours. */
  #promise(name: string, call: () => unknown): void {
    const key = `${name} ${(this.#count += 1)}`;
    this.#pending.add(key);
    const settled = (): boolean => this.#pending.delete(key);
    new Promise((resolve) => {
      resolve(call());
    }).then(settled, (error: unknown) => {
      settled();
      if (!(error instanceof RunError)) throw error;
    });
  }
}

function checkJournal(entries: readonly JournalEntry[]): void {
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  if (entries.length > 0) expect(entries[0]?.type).toBe('created');
  const turns = entries
    .filter(({ type }) => type === 'turnIncremented')
    .map(({ data }) => Number(data['turnCount']));
  expect(turns).toEqual([...new Set(turns)].sort((left, right) => left - right));
  let status = 'pending';
  for (const { data } of entries.filter(({ type }) => type === 'statusChanged')) {
    expect(data['from']).toBe(status);
    status = data['to'] as string;
  }
}

async function checkStored(world: World): Promise<void> {
  const { backend, run } = world;
  const reader = new ModelStore(backend, { track: { onError: () => undefined } });
  const stored = await reader.get(run.id);
  const entries = await reader.events(run.id);
  await reader.close();
  checkJournal(entries);
  if (stored === null) {
    if (!world.isDisturbed) expect(world.acknowledged).toEqual([]);
    return;
  }
  const moves = entries.filter(({ type }) => type === 'statusChanged');
  expect(moves.at(-1)?.data['to'] ?? 'pending').toBe(stored.status);
  for (const { turns, tokens, status } of world.acknowledged) {
    expect(stored.turnCount).toBeGreaterThanOrEqual(turns);
    expect(stored.tokenUsage.input_tokens ?? 0).toBeGreaterThanOrEqual(tokens);
    if (!world.isDisturbed && status !== 'pending' && status !== 'running') {
      expect(stored.status).toBe(status);
    }
  }
}

describe('RunRecorder', () => {
  it.each<WhenBusy>(['allow', 'reject', 'queue', 'cancel-previous'])(
    'settles every promise and loses nothing it has acknowledged, whatever happens, with "%s"',
    async (whenBusy) => {
      const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
      const steps = fc.array(step, { minLength: 3, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(steps, fc.integer(), async (taken, seed) => {
          const world = new World(whenBusy, seed);
          for (const next of [{ do: 'track' } as const, ...taken]) await world.take(next);
          await world.end();
          expect(world.unsettled).toEqual([]);
          await checkStored(world);
        }),
        { numRuns: 100 },
      );
      warn.mockRestore();
    },
    120_000,
  );
});
