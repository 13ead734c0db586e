import * as fc from 'fast-check';
import { readAnswer } from '../../../lib/http/page/model/answer';
import { entryText } from '../../../lib/http/page/model/entry-text';
import { previewOf, purposeOf } from '../../../lib/http/page/model/preview';
import type { JsonObject } from '../../../lib/http/page/model/records';
import { hasEnded, shownStatus, tokensOf } from '../../../lib/http/page/model/records';
import { costOf, descendants } from '../../../lib/http/page/model/tree';
import { at, makeEntries, makeRecord } from './make-record';

const awaiting = { reason: 'approval', data: null, state: null, since: at(0), expires_at: null };

describe('entryText()', () => {
  it.each<[string, JsonObject, string]>([
    ['statusChanged', { from: 'pending', to: 'running' }, 'pending → running'],
    ['statusChanged', {}, ' → '],
    ['turnIncremented', { turnCount: 3 }, 'turn 3'],
    ['usageUpdated', { delta: { total_tokens: 1200 }, costUsd: 0.5 }, '+1,200 tokens, $0.50 so far'],
    ['usageUpdated', { delta: {}, costUsd: null }, ''],
    ['stepStarted', { step: { name: 'find', kind: 'tool' } }, 'find (tool)'],
    [
      'stepEnded',
      { step: { name: 'find', kind: 'tool', status: 'failed', durationMs: 1500 } },
      'find (tool) failed after 1.5 s',
    ],
    ['stepEnded', { step: { name: 'find', kind: 'tool', status: 'failed' } }, 'find (tool) failed'],
    ['noted', { name: 'progress' }, 'progress'],
    ['attributesChanged', { names: ['output', 'metadata'] }, 'output, metadata'],
    ['attributesChanged', {}, ''],
    ['limitApproaching', { limit: 'maxTurns' }, 'maxTurns'],
    ['parked', {}, ''],
  ])('says of %s %j: %s', (type, data, text) => {
    expect(entryText(makeEntries([type, data, 0])[0]!)).toBe(text);
  });
});

describe('previewOf()', () => {
  it('says what went wrong, then what is waited for, then what was asked', () => {
    const input = { prompt: 'Refund order 8812' };
    expect(previewOf(makeRecord({ input, error: { code: 'x', message: 'y' }, status: 'failed' }))).toBe(
      'x: y',
    );
    expect(previewOf(makeRecord({ input, error: { name: 'TypeError' }, status: 'failed' }))).toBe(
      'TypeError',
    );
    expect(previewOf(makeRecord({ input, awaiting }))).toBe('approval');
    expect(previewOf(makeRecord({ awaiting: { ...awaiting, reason: null } }))).toBe('waits for an answer');
    expect(previewOf(makeRecord({ input }))).toBe('Refund order 8812');
  });

  it('takes the last message of a conversation', () => {
    const messages = [
      { role: 'user', content: 'first' },
      { role: 'user', content: 'last' },
    ];
    expect(purposeOf(makeRecord({ input: { model: 'gpt-5', messages, prompt: '' } }))).toBe('last');
    expect(purposeOf(makeRecord({ input: { messages } }))).toBe('last');
    expect(purposeOf(makeRecord({ input: { a: { b: { c: { d: { e: 'deep' } } } } } }))).toBe('');
    expect(purposeOf(makeRecord({ input: { count: 7, list: [null, 1] } }))).toBe('');
  });

  it('takes any JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (input) => {
        expect(previewOf(makeRecord({ input })).length).toBeLessThanOrEqual(140);
      }),
    );
  });
});

describe('readAnswer()', () => {
  it('reads JSON, and takes what is none as a text', () => {
    expect(readAnswer('{"approved": true}')).toEqual({ value: { approved: true }, text: false });
    expect(readAnswer(' 7 ')).toEqual({ value: 7, text: false });
    expect(readAnswer('go on')).toEqual({ value: 'go on', text: true });
  });

  it('waits for JSON that is not whole', () => {
    for (const typed of ['', '  ', '{"approved":', '[1,', '"yes']) expect(readAnswer(typed)).toBeNull();
  });
});

describe('shownStatus()', () => {
  it('tells a run that waits from one that works', () => {
    expect(shownStatus(makeRecord())).toBe('running');
    expect(shownStatus(makeRecord({ awaiting }))).toBe('waiting');
    expect(shownStatus(makeRecord({ awaiting: { ...awaiting, answer: null } }))).toBe('answered');
    expect(shownStatus(makeRecord({ awaiting, status: 'cancelled' }))).toBe('cancelled');
    expect([hasEnded(makeRecord()), hasEnded(makeRecord({ status: 'timeout' }))]).toEqual([false, true]);
  });
});

describe('tokensOf()', () => {
  it('prefers the total, and does not take unknown for zero', () => {
    expect(tokensOf({ total_tokens: 5, input_tokens: 9 })).toBe(5);
    expect(tokensOf({ input_tokens: 9, output_tokens: 1 })).toBe(10);
    expect(tokensOf({ output_tokens: 1 })).toBe(1);
    expect(tokensOf({ requests: 1 })).toBeNull();
    expect(tokensOf(null)).toBeNull();
  });
});

describe('descendants()', () => {
  it('gives each run after its parent, and survives a circle', () => {
    const runs = [
      makeRecord({ id: 'c', parent_run_id: 'b', started_at: at(3) }),
      makeRecord({ id: 'd', parent_run_id: 'root', started_at: at(1) }),
      makeRecord({ id: 'b', parent_run_id: 'root', started_at: at(1) }),
      makeRecord({ id: 'root', parent_run_id: 'c' }),
      makeRecord({ id: 'b', parent_run_id: 'c' }),
    ];
    expect(descendants('root', runs).map(({ run, depth }) => [run.id, depth])).toEqual([
      ['b', 0],
      ['c', 1],
      ['d', 0],
    ]);
  });
});

describe('descendants()', () => {
  it('gives those of one moment by id, and leaves out the families of others', () => {
    const runs = [
      makeRecord({ id: 'z', parent_run_id: 'root', started_at: at(1) }),
      makeRecord({ id: 'y', parent_run_id: 'root', started_at: at(1) }),
      makeRecord({ id: 'x', parent_run_id: 'other', started_at: at(1) }),
      makeRecord({ id: 'w', started_at: at(1) }),
    ];
    expect(descendants('root', runs).map(({ run }) => run.id)).toEqual(['y', 'z']);
    expect(descendants('root', runs.reverse()).map(({ run }) => run.id)).toEqual(['y', 'z']);
  });
});

describe('costOf()', () => {
  it('adds what is known', () => {
    expect(costOf([makeRecord({ cost_usd: 1 }), makeRecord(), makeRecord({ cost_usd: 2 })])).toBe(3);
    expect(costOf([makeRecord()])).toBeNull();
  });
});
