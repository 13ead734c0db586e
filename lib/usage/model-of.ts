import { isObject, memberOf, textOf } from './report';

/** Members of a response in which it may stand again, with the model's name. */
const AROUND = ['message', 'response', 'event'];

/** The model that a response, an event or a result names; null where it names none. */
export function modelNamedBy(payload: object): string | null {
  const named = textOf(payload, 'model', 'modelVersion', 'modelId');
  if (named !== null) return named;
  const model = memberOf(payload, 'model');
  if (isObject(model)) return textOf(model, 'modelId');
  for (const name of AROUND) {
    const inner = memberOf(payload, name);
    const found = isObject(inner) ? modelNamedBy(inner) : null;
    if (found !== null) return found;
  }
  return null;
}
