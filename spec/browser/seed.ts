import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { UsageMeter } from 'agent-run/usage';
import { at, Moment } from './past';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MODELS = [
  ['openai', 'gpt-5'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['openai', 'gpt-5-mini'],
  ['google', 'gemini-2.5-flash'],
] as const;
const PROMPTS = [
  'Refund order 8812 and write to the customer',
  'Summarise yesterday’s incident for the status page',
  'Find the invoice that is missing from March',
  'Draft the release notes of 4.2',
  'Why did the nightly import fail?',
  'Translate the onboarding mails into Portuguese',
];
const SESSIONS = ['support-2291', 'kiosk-7', 'nightly-import', 'chat-0198fc2e'];
const ERRORS = [
  { code: 'rate_limited', message: 'The provider answered 429: too many requests' },
  { name: 'TypeError', message: "Cannot read properties of undefined (reading 'rows')" },
  { code: 'limit_exceeded', message: 'The run passed its limit: 0.52 of 0.5 dollars' },
];

/** The runs of a seeded store that have something to look at. */
export interface Seeded {
  readonly done: string;
  readonly live: string;
  readonly waiting: string;
  readonly stuck: string;
}

/** Fills a store with a week of an agent service, the same each time but for the ids. */
export async function seedStore(store: RunStore, runs = 160): Promise<Seeded> {
  const random = randomNumbers(11);
  const end = Date.now();
  for (let index = 0; index < runs; index += 1) {
    const recent = index < 9;
    const age = recent ? (5 + 5 * index) * MINUTE : HOUR + random() ** 1.2 * 6.4 * DAY;
    // In the last hour one has failed, always.
    const fate = recent ? (index === 2 ? 0.9 : 0) : random();
    await seedPast(store, new Moment(end - age), random, fate);
  }
  const stuck = await seedStuck(store, new Moment(end - 46 * MINUTE));
  const waiting = await seedWaiting(store, new Moment(end - 3 * HOUR));
  const done = await seedConversation(store, new Moment(end - 12 * MINUTE), true);
  // However long the rest took: the lease of what lasts has not run out.
  const live = await seedConversation(store, new Moment(Date.now() - 34 * SECOND), false);
  return { done, live, waiting, stuck };
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)]!;
}

async function seedPast(store: RunStore, moment: Moment, random: () => number, fate: number): Promise<void> {
  await at(moment, async () => {
    const [provider, model] = pick(MODELS, random);
    const run = new Run({
      sessionId: pick(SESSIONS, random),
      input: { prompt: pick(PROMPTS, random) },
      metadata: { tenant: random() < 0.7 ? 'acme' : 'globex' },
      provider,
    });
    run.updateStatus('running');
    const meter = new UsageMeter(run, { provider, model });
    for (let turn = 0; turn < 1 + random() * 6; turn += 1) {
      run.incrementTurn();
      moment.pass(SECOND + random() * 9 * SECOND);
      use(meter, Math.round(800 + random() * 14_000), Math.round(60 + random() * 1_500));
    }
    if (fate < 0.86) run.setOutput({ text: 'Done.' });
    else if (fate < 0.94) run.setError(pick(ERRORS, random));
    else if (fate < 0.97) run.updateStatus('timeout');
    else run.cancel('The user closed the tab');
    await store.save(run);
  });
}

function use(meter: UsageMeter, inputTokens: number, outputTokens: number): void {
  meter.record({ input_tokens: inputTokens, output_tokens: outputTokens });
}

async function seedStuck(store: RunStore, moment: Moment): Promise<string> {
  return at(moment, async () => {
    const run = new Run({ sessionId: 'nightly-import', input: { prompt: 'Rebuild the search index' } });
    run.updateStatus('running');
    await store.save(run);
    return run.id;
  });
}

async function seedWaiting(store: RunStore, moment: Moment): Promise<string> {
  return at(moment, async () => {
    const run = new Run({ sessionId: 'support-2291', input: { prompt: PROMPTS[0]! } });
    const recorder = store.track(run);
    await run.execute(() => {
      const step = run.startStep('gpt-5', { kind: 'model' });
      moment.pass(4 * SECOND);
      step.end();
      moment.pass(100);
      const data = { tool: 'send_mail', to: 'j.doe@example.com', subject: 'Your refund of 84 euros' };
      return run.park({ reason: 'approval', data, expiresInMs: DAY });
    });
    await recorder.flush();
    return run.id;
  });
}

/** A run with turns, steps within steps, one that fails, and sub-agents. */
async function seedConversation(store: RunStore, moment: Moment, whole: boolean): Promise<string> {
  return at(moment, async () => {
    const run = new Run({
      sessionId: 'support-2291',
      input: { prompt: PROMPTS[0]!, customer: { id: 4711, language: 'en', tier: 'gold' } },
      metadata: { tenant: 'acme', agent: 'support' },
      provider: 'openai',
      limits: { maxTurns: 20, maxCostUsd: 0.25 },
    });
    const recorder = store.track(run);
    moment.pass(700);
    run.updateStatus('running');
    const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5' });
    firstTurns(run, meter, moment);
    const writer = run.createChild({
      input: { prompt: 'Write the mail' },
      metadata: { agent: 'mail-writer' },
    });
    writer.updateStatus('running');
    moment.pass(2_100);
    const reader = writer.createChild({
      input: { prompt: 'Read it again' },
      metadata: { agent: 'proof-reader' },
    });
    reader.updateStatus('running');
    use(new UsageMeter(reader, { provider: 'google', model: 'gemini-2.5-flash' }), 2_900, 160);
    moment.pass(3_400);
    if (whole) finish(run, [reader, writer], meter, moment);
    await recorder.flush();
    return run.id;
  });
}

function firstTurns(run: Run, meter: UsageMeter, moment: Moment): void {
  model(run, meter, moment, 3_400, 2_100);
  const find = run.startStep('find_order', { input: { order: 8812 } });
  const policy = run.startStep('fetch_policy', { kind: 'retrieval', input: { topic: 'refunds' } });
  moment.pass(1_900);
  find.end({ order: 8812, total: 84, currency: 'EUR', status: 'delivered' });
  moment.pass(2_300);
  policy.end({ passages: 3 });
  model(run, meter, moment, 2_900, 4_800);
  run.note('progress', { percent: 40 });
  const refund = run.startStep('refund_payment', { input: { order: 8812, amount: 84 } });
  moment.pass(3_100);
  refund.fail(
    Object.assign(new Error('The payment provider answered 503'), { code: 'unavailable', status: 503 }),
  );
  model(run, meter, moment, 4_200, 6_100);
  const again = run.startStep('refund_payment', { input: { order: 8812, amount: 84 } });
  moment.pass(2_500);
  again.end({ refunded: true });
  moment.pass(200);
}

function model(run: Run, meter: UsageMeter, moment: Moment, ms: number, tokens: number): void {
  run.incrementTurn();
  const step = run.startStep('gpt-5', { kind: 'model' });
  moment.pass(ms);
  use(meter, tokens, Math.round(tokens / 9));
  step.end();
}

function finish(run: Run, children: readonly Run[], meter: UsageMeter, moment: Moment): void {
  for (const child of children) {
    child.setOutput({ text: 'Dear customer, your refund of 84 euros is on its way.' });
    moment.pass(1_200);
  }
  model(run, meter, moment, 3_900, 7_000);
  run.setOutput({ text: 'The order was refunded and the customer has a mail.', mail: { sent: true } });
}

/** Numbers from 0 to 1 that are the same each time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
