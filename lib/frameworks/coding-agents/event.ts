/** One event of a stream, parsed. */
export type StreamEvent = Readonly<Record<string, unknown>>;

/** The text at the path; undefined for none. */
export function textAt(event: StreamEvent, ...path: readonly string[]): string | undefined {
  const value = valueAt(event, ...path);
  return typeof value === 'string' ? value : undefined;
}

/** The number at the path; undefined for none. */
export function numberAt(event: StreamEvent, ...path: readonly string[]): number | undefined {
  const value = valueAt(event, ...path);
  return typeof value === 'number' ? value : undefined;
}

/** The object at the path; undefined for none. */
export function objectAt(event: StreamEvent, ...path: readonly string[]): StreamEvent | undefined {
  const value = valueAt(event, ...path);
  return isEvent(value) ? value : undefined;
}

/** The objects of the array at the path. */
export function objectsAt(event: StreamEvent, ...path: readonly string[]): readonly StreamEvent[] {
  const value = valueAt(event, ...path);
  return Array.isArray(value) ? value.filter(isEvent) : [];
}

/** When the event was written, where it says so: an option of a usage meter, for the price. */
export function timeOf(event: StreamEvent): { readonly at?: number } {
  const at = Date.parse(textAt(event, 'timestamp') ?? '');
  return Number.isNaN(at) ? {} : { at };
}

/** Whether it is an object, and no array. */
export function isEvent(value: unknown): value is StreamEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The sum over the members of an object; undefined where none has the count. */
export function sumOver(members: StreamEvent, ...names: readonly string[]): number | undefined {
  const counts = Object.values(members)
    .filter(isEvent)
    .flatMap((member) => names.map((name) => numberAt(member, name)))
    .filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

function valueAt(event: StreamEvent, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isEvent(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    event,
  );
}
