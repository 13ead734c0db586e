import type { ValidationIssue } from 'agent-run';
import { costIn, dollars, modelIn, providerIn } from '../../lib/usage/around';

describe('modelIn', () => {
  it.each<[string, object]>([
    ['model', { model: 'm' }],
    ['modelVersion', { modelVersion: 'm' }],
    ['model_version', { model_version: 'm' }],
    ['modelId', { modelId: 'm' }],
    ['modelID', { modelID: 'm' }],
    ['modelId of its model', { model: { modelId: 'm', id: 'x' } }],
    ['modelID of its model', { model: { modelID: 'm', id: 'x' } }],
    ['id of its model', { model: { id: 'm' } }],
    ['modelId of its response', { response: { modelId: 'm', model: 'x' } }],
    ['model of its response', { response: { model: 'm' } }],
    ['modelVersion of its response', { response: { modelVersion: 'm' } }],
    ['model_name of its metadata', { response_metadata: { model_name: 'm' } }],
  ])('finds %s', (_name, payload) => {
    expect(modelIn([payload])).toBe('m');
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['an empty name', { model: '' }],
    ['a model that says only who makes it', { model: { provider: 'openai' } }],
    ['a list of responses', { response: [{ model: 'm' }] }],
    ['a response of another', { response: { status: 'completed' } }],
  ])('finds none in %s', (_name, payload) => {
    expect(modelIn([payload])).toBeNull();
  });

  it('takes the name that is nearest to the usage', () => {
    expect(modelIn([{ model: 'outer' }, { model: 'inner' }])).toBe('inner');
    expect(modelIn([{ model: 'outer' }, {}])).toBe('outer');
    expect(modelIn([])).toBeNull();
  });
});

describe('providerIn', () => {
  it.each<[string, string | null]>([
    ['aws', 'aws'],
    ['amazon-bedrock', 'aws'],
    ['bedrock_converse', 'aws'],
    ['azure-openai', 'azure'],
    ['google-vertex', 'google'],
    ['gemini', 'google'],
    ['vertexai', 'google'],
    ['xai', 'x-ai'],
    ['x-ai', 'x-ai'],
    ['moonshot', 'moonshotai'],
    ['kimi-for-coding', 'moonshotai'],
    ['Anthropic', 'anthropic'],
    ['openai.responses', 'openai'],
    ['mistral', 'mistral'],
    ['mistralai', 'mistral'],
    ['groq', 'groq'],
    ['deepseek', 'deepseek'],
    ['perplexity', 'perplexity'],
    ['cohere', 'cohere'],
    ['cerebras', 'cerebras'],
    ['fireworks-ai', 'fireworks'],
    ['openrouter', 'openrouter'],
    ['togetherai', 'together'],
    ['my-aws', null],
    ['my-azure', null],
    ['my-google', null],
    ['my-xai', null],
    ['my-kimi', null],
    ['my-openai', null],
    ['my-together', null],
  ])('%s is %p', (providerID, expected) => {
    expect(providerIn([{ providerID }])).toBe(expected);
  });

  it.each<[string, object]>([
    ['providerID', { providerID: 'groq', model: { provider: 'openai' } }],
    ['provider of its model', { model: { provider: 'groq', providerID: 'openai' } }],
    ['providerID of its model', { model: { providerID: 'groq' } }],
    ['model_provider of its metadata', { response_metadata: { model_provider: 'groq' } }],
  ])('finds %s', (_name, payload) => {
    expect(providerIn([payload])).toBe('groq');
  });

  it('takes the name that is nearest to the usage, known or not', () => {
    expect(providerIn([{ providerID: 'openai' }, { providerID: 'groq' }])).toBe('groq');
    expect(providerIn([{ providerID: 'openai' }, {}])).toBe('openai');
    expect(providerIn([{ providerID: 'openai' }, { providerID: 'house' }])).toBeNull();
    expect(providerIn([{ model: 'gpt-5' }])).toBeNull();
  });
});

describe('costIn', () => {
  /** The cost of a usage, and the paths of what is no cost. */
  function cost(usage: object, around: readonly object[] = [], path = ''): [number | null, string[]] {
    const issues: ValidationIssue[] = [];
    const usd = costIn({ usage, key: 'usage', path, around: [...around, usage] }, issues);
    return [usd, issues.map((issue) => issue.path)];
  }

  it.each<[string, object, number | null]>([
    ['cost', { cost: 0.5, cost_usd: 0.25 }, 0.5],
    ['costUSD', { costUSD: 0.5 }, 0.5],
    ['cost_usd', { cost_usd: 0.5 }, 0.5],
    ['estimated_cost', { estimated_cost: 0.5 }, 0.5],
    ['total_cost of its cost', { cost: { total_cost: 0.5, total: 0.25 } }, 0.5],
    ['total of its cost', { cost: { input: 0.25, total: 0.5 } }, 0.5],
    ['ticks, ten thousand million a dollar', { cost_in_usd_ticks: 5e9, cost: 7 }, 0.5],
    ['no cost of a cost that has no total', { cost: { input: 0.25 }, cost_usd: 0.5 }, null],
    ['the cost of what it was made from', { raw: { cost: 0.5 } }, 0.5],
    ['no cost of what has none', { raw: {} }, null],
    ['no other cost where its own is nothing', { cost: 0, raw: { cost: 0.5 } }, 0],
    ['own and upstream', { is_byok: true, cost: 0.25, cost_details: { upstream_inference_cost: 0.5 } }, 0.75],
    ['own', { is_byok: true, cost: 0.25, cost_details: {} }, 0.25],
    ['upstream', { is_byok: true, cost_details: { upstream_inference_cost: 0.5 } }, 0.5],
    ['neither, however else it was told', { is_byok: true, cost_details: {}, cost_usd: 0.5 }, null],
    ['own, without details', { is_byok: true, cost: 0.25 }, 0.25],
    ['own, of its own key', { is_byok: false, cost: 1, cost_details: { upstream_inference_cost: 5 } }, 1],
  ])('of the usage itself is %s', (_name, usage, usd) => {
    expect(cost(usage)).toEqual([usd, []]);
  });

  it.each<[string, object, number | null]>([
    ['LiteLLM', { _hidden_params: { response_cost: 0.5 }, costUSD: 0.25 }, 0.5],
    ['LiteLLM, which does not always know', { _hidden_params: {}, costUSD: 0.25 }, 0.25],
    ['the AI gateway', { providerMetadata: { gateway: { cost: '0.5' } } }, 0.5],
    ['the AI gateway, as a number', { providerMetadata: { gateway: { cost: 0.5 } } }, 0.5],
    ['OpenRouter', { providerMetadata: { openrouter: { usage: { cost: 0.5 } } } }, 0.5],
    ['OpenRouter, which gives none', { providerMetadata: { openrouter: { usage: {} } }, costUSD: 1 }, null],
    ['another provider', { providerMetadata: { openai: { cost: 5 } }, costUSD: 0.5 }, 0.5],
    ['Claude’s old transcripts', { costUSD: 0.5 }, 0.5],
    ['one who says nothing', {}, null],
    ['one whose cost is of something else', { cost: 0.5, cost_usd: 0.5 }, null],
  ])('is what is told around it by %s', (_name, payload, usd) => {
    expect(cost({}, [payload])).toEqual([usd, []]);
  });

  it('is that of a message of opencode, or of a run’s record, whose usage it is', () => {
    const usage = {};
    expect(cost(usage, [{ tokens: usage, cost: 0.5 }])).toEqual([0.5, []]);
    expect(cost(usage, [{ token_usage: usage, cost_usd: 0.5 }])).toEqual([0.5, []]);
    expect(cost(usage, [{ tokens: usage, cost_usd: 0.5 }])).toEqual([null, []]);
    expect(cost(usage, [{ token_usage: usage, cost: 0.5 }])).toEqual([null, []]);
  });

  it('is its own before that of what is around it, the nearest first', () => {
    expect(cost({ cost: 1 }, [{ costUSD: 2 }])).toEqual([1, []]);
    expect(cost({}, [{ costUSD: 3 }, { costUSD: 2 }])).toEqual([2, []]);
    expect(cost({}, [{ costUSD: 3 }, {}])).toEqual([3, []]);
  });

  it.each<[string, object, object, string[]]>([
    ['cost', { cost: 'free' }, {}, ['u.cost']],
    ['a total', { cost: { total: -1 } }, {}, ['u.cost']],
    [
      'what was upstream',
      { is_byok: true, cost_details: { upstream_inference_cost: -1 } },
      {},
      ['u.cost_details'],
    ],
    ['ticks', { cost_in_usd_ticks: 'a' }, {}, ['u.cost_in_usd_ticks']],
    ['another', { estimated_cost: true }, {}, ['u.estimated_cost']],
    ['that of the raw usage', { raw: { cost: NaN } }, {}, ['u.raw.cost']],
    ['LiteLLM’s', {}, { _hidden_params: { response_cost: '1' } }, ['_hidden_params.response_cost']],
    [
      'the gateway’s',
      {},
      { providerMetadata: { gateway: { cost: 'a' } } },
      ['providerMetadata.gateway.cost'],
    ],
    [
      'an empty text',
      {},
      { providerMetadata: { gateway: { cost: ' ' } } },
      ['providerMetadata.gateway.cost'],
    ],
    [
      'OpenRouter’s',
      {},
      { providerMetadata: { openrouter: { usage: { cost: 'a' } } } },
      ['providerMetadata.openrouter.usage.cost'],
    ],
    ['one beside it', {}, { costUSD: 'a' }, ['costUSD']],
  ])('is refused with its path: %s', (_name, usage, payload, paths) => {
    expect(cost(usage, [payload], 'u')).toEqual([null, paths]);
  });

  it('has a path of its own where the payload is the usage', () => {
    expect(cost({ cost: 'free' })).toEqual([null, ['cost']]);
  });
});

describe('dollars', () => {
  it.each<[unknown, number | null]>([
    [0, 0],
    [0.5, 0.5],
    [null, null],
    [undefined, null],
  ])('of %p are %p', (value, usd) => {
    const issues: ValidationIssue[] = [];
    expect(dollars(value, 'cost', issues)).toBe(usd);
    expect(issues).toEqual([]);
  });

  it.each([-1e-9, NaN, Infinity, -Infinity, '1', '', true, {}])('of %p are refused', (value) => {
    const issues: ValidationIssue[] = [];
    expect(dollars(value, 'cost', issues)).toBeNull();
    expect(issues).toEqual([{ path: 'cost', message: 'must be dollars: a finite number, not negative' }]);
  });
});
