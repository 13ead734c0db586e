import { Run } from 'agent-run';
import { sameIntent } from '../../lib/manager/same-intent';
import { refusalOf } from '../support/refusal-of';

const id = 'a';
const meant = (input?: object, sessionId = 's'): Run => new Run({ id, sessionId, input: input as never });

describe('sameIntent()', () => {
  it('is the run that is there, pending, with the session and an input that says the same', () => {
    const known = meant({ prompt: 'Hi', rows: [1, { a: 2 }] });
    expect(sameIntent(known, meant({ rows: [1, { a: 2 }], prompt: 'Hi' }))).toBe(known);
    const bare = meant();
    expect(sameIntent(bare, meant())).toBe(bare);
  });

  it.each([
    ['another session', meant({ prompt: 'Hi' }, 'other')],
    ['another input', meant({ prompt: 'Ho' })],
    ['no input', meant()],
  ])('is refused with %s', (_title, other) => {
    const error = refusalOf(() => sameIntent(meant({ prompt: 'Hi' }), other));
    expect(error).toMatchObject({ code: 'conflict', details: { runId: 'a', status: 'pending' } });
  });

  it.each([
    ['running', (run: Run) => run.updateStatus('running')],
    ['completed', (run: Run) => run.setOutput({})],
  ] as const)('is refused where it is %s', (status, change) => {
    const known = meant();
    change(known);
    const error = refusalOf(() => sameIntent(known, meant()));
    expect(error).toMatchObject({ code: 'already_exists', details: { runId: 'a', status } });
  });
});
