import { isObject, memberOf, textOf } from '../../usage/member';

/** The model's name, as LangChain passes it before the call. */
export function modelNameIn(extra: object | undefined, metadata: object | undefined): string | null {
  const parameters = extra === undefined ? undefined : memberOf(extra, 'invocation_params');
  const named = isObject(parameters) ? textOf(parameters, 'model', 'model_name', 'modelId') : null;
  return named ?? (metadata === undefined ? null : textOf(metadata, 'ls_model_name'));
}

/** The signal that stops the call, where LangChain passes one. */
export function signalIn(extra: object | undefined): AbortSignal | undefined {
  const options = extra === undefined ? undefined : memberOf(extra, 'options');
  const signal = isObject(options) ? memberOf(options, 'signal') : undefined;
  return signal instanceof AbortSignal ? signal : undefined;
}

/** The name of a tool or a retriever. */
export function nameOf(described: object, otherwise: string): string {
  const id = memberOf(described, 'id');
  const last: unknown = Array.isArray(id) ? id.at(-1) : undefined;
  return textOf(described, 'name') ?? (typeof last === 'string' ? last : otherwise);
}

/** The content of a tool's message; any other result as it is. */
export function contentOf(output: unknown): unknown {
  return isObject(output) ? (memberOf(output, 'content') ?? output) : output;
}

/** The error text of a tool's message that reports a failure. */
export function failureIn(output: unknown): string | undefined {
  if (!isObject(output) || memberOf(output, 'status') !== 'error') return undefined;
  return textOf(output, 'content') ?? 'The tool failed';
}
