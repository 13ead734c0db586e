import type { RunManagerOptions } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import { issuesOf } from '../support/refusal-of';

const MS = 'must be milliseconds, not negative';
const METER = 'provider, model, format, prices, onWarning';

describe('RunManager options', () => {
  const refused: [options: unknown, ...issues: string[]][] = [
    [null, ': must be an object'],
    [
      { stores: 1 },
      'stores: is not known (known: store, telemetry, meter, defaults, track, recoverEveryMs, retention)',
    ],
    [
      { track: { leaseMS: 1 } },
      'track.leaseMS: is not known (known: leaseMs, whenBusy, maxBuffered, onError, children)',
    ],
    [{ track: null }, 'track: must be an object'],
    [{ meter: { modle: 'gpt-5' } }, `meter.modle: is not known (known: ${METER})`],
    [{ meter: 1 }, 'meter: must be an object'],
    [{ recoverEveryMs: -1 }, `recoverEveryMs: ${MS}`],
    [{ recoverEveryMs: '1' }, `recoverEveryMs: ${MS}`],
    [{ recoverEveryMs: NaN }, `recoverEveryMs: ${MS}`],
    [{ retention: {} }, `retention.keepMs: ${MS}`],
    [{ retention: null }, 'retention: must be an object', `retention.keepMs: ${MS}`],
    [{ retention: { keepMs: -1, journalMs: '1' } }, `retention.keepMs: ${MS}`, `retention.journalMs: ${MS}`],
    [{ retention: { keepMs: 1, keep: 1 } }, 'retention.keep: is not known (known: keepMs, journalMs)'],
    [{ defaults: null }, 'defaults: must be an object'],
    [
      { defaults: { timeout: 1 } },
      'defaults.timeout: is not known (known: provider, metadata, limits, timeoutMs, graceMs)',
    ],
    [{ defaults: { provider: null } }, 'defaults.provider: must be a text'],
    [{ defaults: { metadata: null } }, 'defaults.metadata: must be an object'],
    [{ defaults: { metadata: 'x' } }, 'defaults.metadata: must be an object'],
    [
      { defaults: { limits: { maxTurns: -1 } } },
      'defaults.limits.maxTurns: must be an integer, not negative',
    ],
    [
      { defaults: { timeoutMs: 0, graceMs: -1 } },
      'defaults.timeoutMs: must be a number above 0',
      'defaults.graceMs: must be a number, not negative',
    ],
    [
      { defaults: { timeoutMs: '5', graceMs: '5' } },
      'defaults.timeoutMs: must be a number above 0',
      'defaults.graceMs: must be a number, not negative',
    ],
  ];

  it.each(refused)('refuses %j, with the path and what is allowed', (options, ...issues) => {
    expect(issuesOf(() => new RunManager(options as RunManagerOptions))).toEqual(issues);
  });

  it.each<RunManagerOptions>([
    {},
    { defaults: { provider: 'openai', metadata: {}, limits: { maxTurns: 0 }, timeoutMs: 1, graceMs: 0 } },
    { defaults: { provider: undefined, metadata: undefined, timeoutMs: undefined, graceMs: undefined } },
    { retention: { keepMs: 0, journalMs: 0 }, recoverEveryMs: 0 },
    { retention: { keepMs: 1, journalMs: undefined } },
    { track: { leaseMs: 1_000 }, meter: { model: 'gpt-5' } },
    { track: undefined, meter: undefined, defaults: undefined, retention: undefined },
  ])('takes %j', (options) => {
    expect(() => new RunManager(options)).not.toThrow();
  });
});
