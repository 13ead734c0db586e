import { tierIn } from '../../lib/usage/tier-in';

function told(usage: object, ...around: readonly object[]): string | null {
  return tierIn({ usage, key: 'usage', path: 'usage', around });
}

describe('tierIn()', () => {
  it.each([
    'default',
    'auto',
    'standard',
    'on_demand',
    'on-demand',
    'unspecified',
    'TRAFFIC_TYPE_UNSPECIFIED',
    'service_tier_unspecified',
    '',
    null,
    5,
    {},
  ])('takes %p for the standard one', (word) => {
    expect(told({ service_tier: word })).toBeNull();
  });

  it.each(['service_tier', 'serviceTier', 'speed', 'trafficType', 'traffic_type', 'performanceConfig'])(
    'reads %s',
    (name) => {
      expect(told({ [name]: 'Flex' })).toBe('flex');
    },
  );

  it.each([
    ['type', { type: 'priority' }],
    ['latency', { latency: 'priority' }],
  ])('reads the %s of an object', (_name, value) => {
    expect(told({ serviceTier: value })).toBe('priority');
  });

  it.each<[string, object, readonly object[]]>([
    ['the usage as the provider wrote it', { raw: { service_tier: 'flex' } }, []],
    ['what is around the usage', {}, [{ service_tier: 'flex' }]],
    ['what is further out', {}, [{ service_tier: 'flex' }, {}]],
    ['what the AI SDK passes on', {}, [{ providerMetadata: { openai: { serviceTier: 'flex' } } }]],
    [
      'a usage that the AI SDK passes on',
      {},
      [{ providerMetadata: { none: null, anthropic: { usage: { service_tier: 'flex' } } } }],
    ],
    [
      'a usage of Google that the AI SDK passes on',
      {},
      [{ providerMetadata: { google: { usageMetadata: { trafficType: 'flex' } } } }],
    ],
    ['what LangChain passes on', {}, [{ response_metadata: { service_tier: 'flex' } }]],
    ['a usage that LangChain passes on', {}, [{ response_metadata: { usage: { service_tier: 'flex' } } }]],
  ])('is found in %s', (_name, usage, around) => {
    expect(told(usage, ...around)).toBe('flex');
  });

  it('is each word once, in the order of the alphabet', () => {
    const usage = { speed: 'fast', service_tier: 'priority' };
    expect(told(usage, { service_tier: 'batch', speed: 'fast' })).toBe('batch+fast+priority');
  });

  it.each<[string, object]>([
    ["OpenAI's", { custom_id: 'a', response: { body: {} } }],
    ["Anthropic's", { custom_id: 'a', result: { message: {} } }],
    ["Gemini's", { key: 'a', response: { usageMetadata: {} } }],
  ])('is batch in a line of a batch: %s', (_name, line) => {
    expect(told({ service_tier: 'flex' }, line, {})).toBe('batch');
  });

  it.each<[string, object]>([
    ['no id', { response: { body: {} } }],
    ['an id that is no text', { custom_id: 5, response: { body: {} } }],
    ['a response without a body', { custom_id: 'a', response: {} }],
    ['a result without a message', { custom_id: 'a', result: {} }],
    ['no key', { response: { usageMetadata: {} } }],
    ['a key alone', { key: 'a' }],
    ['an id beside what only a key tells', { custom_id: 'a', key: 'a', response: { usageMetadata: {} } }],
  ])('is not batch with %s', (_name, line) => {
    expect(told({ service_tier: 'flex' }, line)).toBe('flex');
  });

  it('is batch by the outermost object only', () => {
    expect(told({}, {}, { custom_id: 'a', response: { body: {} } })).toBeNull();
  });
});
