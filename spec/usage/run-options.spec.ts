import { Run } from 'agent-run';
import { meterOptionsOf, setMeterOptions } from '../../lib/usage/run-options';

describe('meterOptionsOf', () => {
  it('gives what was set last for the run, and nothing for another', () => {
    const run = new Run({ sessionId: 's' });
    expect(meterOptionsOf(run)).toEqual({});
    setMeterOptions(run, { model: 'gpt-5' });
    setMeterOptions(run, { model: 'gpt-5-mini' });
    expect(meterOptionsOf(run)).toEqual({ model: 'gpt-5-mini' });
    expect(meterOptionsOf(new Run({ sessionId: 's' }))).toEqual({});
  });
});
