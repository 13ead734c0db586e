import { RunState } from '../../lib/record/run-state';

const ORIGIN = {
  id: 'run_1',
  sessionId: 'session-1',
  input: null,
  metadata: null,
  provider: null,
  providerMetadata: null,
  limits: null,
};
const WAIT = {
  reason: null,
  data: null,
  state: null,
  since: { ms: 0, text: null },
  expiresAt: null,
  answer: null,
  unknown: null,
};

describe('RunState', () => {
  it('has no object for what few runs have until it has some of it', () => {
    const state = new RunState(ORIGIN, 0);
    state.awaiting = null;
    state.keepIncoming(null, null);
    expect(state.rare).toBeNull();

    state.awaiting = WAIT;
    expect(state.awaiting).toBe(WAIT);
    state.awaiting = null;
    expect(state.awaiting).toBeNull();
    expect([state.unknown, state.keptKeys]).toEqual([null, null]);
  });
});
