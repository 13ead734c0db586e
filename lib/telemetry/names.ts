/**
 * Every name that telemetry writes, each with its source.
 *
 * The GenAI conventions are in development and stand in a repository of their own,
 * https://github.com/open-telemetry/semantic-conventions-genai (as of v0.1.0, its first release; read in
 * November 2026). Paths are of that repository. The constants of `@opentelemetry/semantic-conventions`
 * carry older names, so ours are literals. `agent_run.*` is what no convention has a name for.
 */

/** The instrumentation scope of the spans and metrics. */
export const INSTRUMENTATION_NAME = 'agent-run';

/**
 * `gen_ai.operation.name` of an agent's run, and the first word of its span's name;
 * `docs/gen-ai/gen-ai-agent-spans.md`, "Invoke agent internal span".
 */
export const OPERATION_INVOKE_AGENT = 'invoke_agent';

/** Attribute, required: what is done; `gen-ai-agent-spans.md`. */
export const GEN_AI_OPERATION_NAME = 'gen_ai.operation.name';

/**
 * `gen_ai.operation.name` of a tool's execution, and the first word of its span's name;
 * `gen-ai-agent-spans.md`, "Execute tool span".
 */
export const OPERATION_EXECUTE_TOOL = 'execute_tool';

/** Attribute of an execution of a tool: which; `gen-ai-agent-spans.md`. */
export const GEN_AI_TOOL_NAME = 'gen_ai.tool.name';

/** Attribute: the session; `gen-ai-agent-spans.md`. */
export const GEN_AI_CONVERSATION_ID = 'gen_ai.conversation.id';

/** Attribute: a name that people know the agent by; `gen-ai-agent-spans.md`. */
export const GEN_AI_AGENT_NAME = 'gen_ai.agent.name';

/** Attribute: the model, where it is one; `gen-ai-agent-spans.md`. */
export const GEN_AI_REQUEST_MODEL = 'gen_ai.request.model';

/** Attribute: tokens that went in, cached ones included; `gen-ai-agent-spans.md`. */
export const GEN_AI_USAGE_INPUT_TOKENS = 'gen_ai.usage.input_tokens';

/** Attribute: tokens that came out, reasoning included; `gen-ai-agent-spans.md`. */
export const GEN_AI_USAGE_OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';

/** Attribute, opt-in: what went in, JSON by `gen-ai-input-messages.json`; `gen-ai-agent-spans.md`. */
export const GEN_AI_INPUT_MESSAGES = 'gen_ai.input.messages';

/** Attribute, opt-in: what came out, JSON by `gen-ai-output-messages.json`; `gen-ai-agent-spans.md`. */
export const GEN_AI_OUTPUT_MESSAGES = 'gen_ai.output.messages';

/**
 * Attribute, stable: the class of an error, of low cardinality;
 * https://github.com/open-telemetry/semantic-conventions v1.41, `docs/registry/attributes/error.md`.
 */
export const ERROR_TYPE = 'error.type';

/** The `error.type` of what has none; `error.md`. */
export const ERROR_TYPE_OTHER = '_OTHER';

/** Attribute of token counters, required: who serves the model; `docs/gen-ai/gen-ai-token-metrics.md`. */
export const GEN_AI_PROVIDER_NAME = 'gen_ai.provider.name';

/** Attribute of token counters, required: what the tokens stand for; `gen-ai-token-metrics.md`. */
export const GEN_AI_TOKEN_MODALITY = 'gen_ai.token.modality';

/** The `gen_ai.token.modality` of tokens that nobody told apart; `gen-ai-token-metrics.md`. */
export const TOKEN_MODALITY_UNKNOWN = 'unknown';

/** Attribute of a step's span, ours: the kind of step, where it is no tool. */
export const STEP_KIND = 'agent_run.step.kind';

/** Attribute, ours: the run's id. */
export const RUN_ID = 'agent_run.id';

/** Attribute, ours: on a span how many turns the run took; on a turn's event which turn it was. */
export const RUN_TURN_COUNT = 'agent_run.turn_count';

/** Attribute, ours: what the run cost, in US dollars. */
export const RUN_COST_USD = 'agent_run.cost_usd';

/** Span event, ours: a turn, at the time when it was counted. */
export const TURN_EVENT = 'agent_run.turn';

/** Histogram, in seconds: how long a run took; `docs/gen-ai/gen-ai-metrics.md`, "Generative AI agent metrics". */
export const INVOKE_AGENT_DURATION = 'gen_ai.invoke_agent.duration';

/** The bucket boundaries of {@link INVOKE_AGENT_DURATION}, in seconds; `gen-ai-metrics.md`. */
export const INVOKE_AGENT_DURATION_BOUNDARIES = [
  0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6,
];

/**
 * Histogram, in `{call}`: model calls of a run, failed ones included, those of its sub-agents not;
 * `gen-ai-metrics.md`.
 */
export const INVOKE_AGENT_INFERENCE_CALLS = 'gen_ai.invoke_agent.inference_calls';

/** Histogram, in `{call}`: tool calls of a run, counted the same way; `gen-ai-metrics.md`. */
export const INVOKE_AGENT_TOOL_CALLS = 'gen_ai.invoke_agent.tool_calls';

/** The bucket boundaries of both histograms of calls; `gen-ai-metrics.md`. */
export const INVOKE_AGENT_CALLS_BOUNDARIES = [1, 2, 4, 8, 16, 32, 64, 128];

/** Counter, in `{token}`: tokens that went in, cached ones included; `gen-ai-token-metrics.md`. */
export const INFERENCE_INPUT_TOKENS = 'gen_ai.client.inference.usage.input_tokens';

/** Counter, in `{token}`: tokens that came out, reasoning included; `gen-ai-token-metrics.md`. */
export const INFERENCE_OUTPUT_TOKENS = 'gen_ai.client.inference.usage.output_tokens';

/** Counter, in `{token}`: input tokens that a cache had; a part of the input; `gen-ai-token-metrics.md`. */
export const INFERENCE_CACHE_READ_TOKENS = 'gen_ai.client.inference.usage.cache_read.input_tokens';

/** Counter, in `{token}`: input tokens written to a cache; a part of the input; `gen-ai-token-metrics.md`. */
export const INFERENCE_CACHE_WRITE_TOKENS = 'gen_ai.client.inference.usage.cache_write.input_tokens';

/** Counter, in `{token}`: tokens of reasoning; a part of the output; `gen-ai-token-metrics.md`. */
export const INFERENCE_REASONING_TOKENS = 'gen_ai.client.inference.usage.reasoning.output_tokens';
