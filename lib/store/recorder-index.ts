import type { RunRecorder } from './recorder';

const NONE: readonly RunRecorder[] = [];

/** Recorders by the id of their run. There is more than one for an id where several objects are one run. */
export class RecorderIndex {
  readonly #recorders = new Map<string, readonly RunRecorder[]>();

  add(recorder: RunRecorder): void {
    const known = this.of(recorder.rowId);
    if (!known.includes(recorder)) this.#recorders.set(recorder.rowId, [...known, recorder]);
  }

  remove(recorder: RunRecorder): void {
    const others = this.of(recorder.rowId).filter((other) => other !== recorder);
    if (others.length > 0) this.#recorders.set(recorder.rowId, others);
    else this.#recorders.delete(recorder.rowId);
  }

  of(id: string): readonly RunRecorder[] {
    return this.#recorders.get(id) ?? NONE;
  }

  all(): readonly RunRecorder[] {
    return [...this.#recorders.values()].flat();
  }
}
