import type { RunRecording } from './run-recording';

const NONE: readonly RunRecording[] = [];

/** Recordings by the id of their run. There is more than one for an id where several objects are one run. */
export class RecordingIndex {
  readonly #recordings = new Map<string, readonly RunRecording[]>();

  get isEmpty(): boolean {
    return this.#recordings.size === 0;
  }

  add(recording: RunRecording): void {
    const known = this.of(recording.rowId);
    if (!known.includes(recording)) this.#recordings.set(recording.rowId, [...known, recording]);
  }

  remove(recording: RunRecording): void {
    const others = this.of(recording.rowId).filter((other) => other !== recording);
    if (others.length > 0) this.#recordings.set(recording.rowId, others);
    else this.#recordings.delete(recording.rowId);
  }

  of(id: string): readonly RunRecording[] {
    return this.#recordings.get(id) ?? NONE;
  }

  all(): readonly RunRecording[] {
    return [...this.#recordings.values()].flat();
  }
}
