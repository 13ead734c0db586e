import type { JsonValue } from 'agent-run';
import { Ledger } from '../../lib/usage/ledger';
import type { Readings } from '../../lib/usage/reading';
import { requestReadings } from '../../lib/usage/reading';
import { readState, writeModels, writeState } from '../../lib/usage/state';
import { refusal } from './subjects';

const NO_DEFAULTS = { provider: null, model: null, format: null };

function readings(output: number, more: Partial<Readings> = {}): Readings {
  const counts = { output_tokens: output, total_tokens: output };
  return requestReadings([{ model: 'house', counts, costUsd: null, tier: null, id: null }], more);
}

/** What is written of the ledger, as another process reads it. */
function written(ledger: Ledger): JsonValue {
  return JSON.parse(JSON.stringify(writeState({ defaults: NO_DEFAULTS, ledger }))) as JsonValue;
}

/** What is written of what was read. */
function rewritten(state: JsonValue): JsonValue {
  return written(readState(state, null).ledger);
}

function issuesOf(state: JsonValue, models: JsonValue = null): unknown {
  const error = refusal(() => readState(state, models));
  expect(error.code).toBe('validation_error');
  return error.details['issues'];
}

describe('writeState', () => {
  it('writes of nothing only that it is nothing', () => {
    expect(written(new Ledger())).toEqual({ version: 1, keys: [], requests: [] });
  });

  it('writes what meters assume, and reads it', () => {
    const defaults = { provider: 'openai', model: 'gpt-5', format: 'gemini' };
    const state = writeState({ defaults, ledger: new Ledger() });
    expect(state).toMatchObject(defaults);
    expect(readState(state, null).defaults).toEqual(defaults);
    expect(readState({ version: 1, provider: 5, model: {}, format: [] }, null).defaults).toEqual(NO_DEFAULTS);
  });

  it('writes of a key only what there is', () => {
    const ledger = new Ledger();
    ledger.addRequests('a', readings(5), null, () => null);
    ledger.addSnapshot('b', readings(7, { isFinal: true }), null, () => 0.5);
    ledger.seed('c', readings(9), null);
    const counts = (output: number): object => ({ output_tokens: output, total_tokens: output });
    const settled = [['house', { ...counts(7), requests: 1, cost_usd: 0.5 }]];
    const seeded = [['house', counts(9)]];
    const state = written(ledger);
    expect(state).toEqual({
      version: 1,
      keys: [
        ['a', { since: [['house', { ...counts(5), requests: 1, unpriced_requests: 1 }]] }],
        ['b', { settled, snapshot: counts(7), snapshots: 1, final: true }],
        ['c', { settled: seeded, seeded, snapshot: counts(9), snapshots: 1 }],
      ],
      requests: [],
    });
    expect(rewritten(state)).toEqual(state);
  });

  it('writes a request as a row, without what is missing at its end', () => {
    const ledger = new Ledger();
    ledger.addRequests('k', readings(5), 'a', () => 0.25);
    expect(written(ledger)).toMatchObject({
      requests: [['a', 'k', 'house', null, 0, 0.25, 0, null, 5, null, null, null, 5, 1]],
    });
    expect(rewritten(written(ledger))).toEqual(written(ledger));
  });

  it('writes what is streamed, and reads it', () => {
    const ledger = new Ledger();
    for (const [kind, isLast] of [
      ['start', false],
      ['delta', true],
    ] as const) {
      ledger.addRequests('k', readings(5, { streamed: { kind, agent: 'x', isLast } }), null, () => 1);
    }
    const state = written(ledger);
    expect(state).toMatchObject({
      keys: [['k', { open: [['x', [['stream ["k","x"] 1', 'house', null, true, true]]]] }]],
    });
    expect(rewritten(state)).toEqual(state);
  });

  it('writes the newest 200 keys and requests', () => {
    const ledger = new Ledger();
    for (let id = 0; id < 201; id++) ledger.addRequests(`${id}`, readings(1), `${id}`, () => 1);
    const { keys, requests } = written(ledger) as { keys: JsonValue[][]; requests: JsonValue[][] };
    for (const list of [keys, requests]) expect([list.length, list[0]?.[0]]).toEqual([200, '1']);
  });

  it('writes no cost below nothing', () => {
    const ledger = new Ledger({ models: new Map([['house', { counts: {}, costUsd: -1e-12, unpriced: 0 }]]) });
    expect(writeModels(ledger.models)).toEqual({ house: { cost_usd: 0 } });
    ledger.addRequests('', readings(1), null, () => -1e-12);
    expect(written(ledger)).toMatchObject({ keys: [['', { since: [['house', { cost_usd: 0 }]] }]] });
  });
});

describe('writeModels', () => {
  it('writes what each model used, and reads it', () => {
    const ledger = new Ledger();
    ledger.addRequests('', readings(5), null, () => 0.5);
    ledger.addRequests('', requestReadings([{ ...readings(7).list[0]!, model: 'nosuch' }]), null, () => null);
    const models = writeModels(ledger.models);
    expect(models).toEqual({
      house: { output_tokens: 5, total_tokens: 5, requests: 1, cost_usd: 0.5 },
      nosuch: { output_tokens: 7, total_tokens: 7, requests: 1, unpriced_requests: 1, cost_usd: null },
    });
    expect(writeModels(readState(null, models).ledger.models)).toEqual(models);
  });
});

describe('readState', () => {
  it('reads nothing where there is nothing', () => {
    const { ledger, defaults } = readState(null, null);
    expect(defaults).toEqual(NO_DEFAULTS);
    expect(written(ledger)).toEqual({ version: 1, keys: [], requests: [] });
    expect(ledger.models.size).toBe(0);
  });

  it('reads of what others wrote only what it is, with nothing for the rest', () => {
    const open = [['x', [[5, null, {}, 1, 'yes'], 'b']], 'y'];
    const state = {
      version: 1,
      keys: [['k', { settled: 5, snapshot: [], snapshots: null, final: 1, open }]],
      requests: [[], [5, {}, null, 5, 3]],
    };
    const { ledger } = readState(state, null);
    const key = ledger.state.keys.get('k');
    expect(key?.state).toMatchObject({ settled: new Map(), snapshot: null, snapshots: 0, isFinal: false });
    const message = { id: '', model: '', input: null, hasGrown: false, isOver: false };
    expect([...(key?.open.streams ?? [])]).toEqual([
      ['x', [message, message]],
      ['', []],
    ]);
    expect([...ledger.state.requests]).toMatchObject([
      [
        '',
        { key: '', model: '', tier: null, snapshots: 3, amount: { counts: {}, costUsd: null, unpriced: 0 } },
      ],
    ]);
  });

  it.each<[string, JsonValue]>([
    ['a text', 'x'],
    ['a list', []],
    ['an object without a version', {}],
    ['another version', { version: '1' }],
  ])('refuses %s', (_name, state) => {
    expect(issuesOf(state)).toEqual([
      { path: 'usage_meter', message: 'must be the state of a meter of this version' },
    ]);
  });

  it.each<[string, JsonValue]>([
    ['a pair without a name', [5, {}]],
    ['a pair without an object', ['k', 5]],
    ['no pair', 5],
  ])('refuses %s among the keys', (_name, pair) => {
    expect(issuesOf({ version: 1, keys: [pair] })).toEqual([
      { path: 'usage_meter', message: 'must list pairs of a name and an object' },
    ]);
  });

  it.each<[string, JsonValue, number]>([
    ['no object', 'x', 1],
    ['totals that are none', { a: 5, b: {} }, 1],
    ['counts that are none', { a: { requests: -1, unpriced_requests: 'x', cost_usd: -1 } }, 3],
  ])('refuses models that are %s', (_name, models, count) => {
    const issues = issuesOf(null, models) as { path: string }[];
    expect(issues.map(({ path }) => path)).toEqual(Array(count).fill('usage_by_model'));
  });
});
