import { randomUUID } from 'node:crypto';
import { onAbort } from '../execution/abort-listeners';
import type { AnyRun } from '../run';
import { wasAborted } from './abort';
import type { RecordOptions } from '../usage/options';

/** The payload of a model call whose usage nobody knows. */
const UNKNOWN_USAGE = { usage: { input_tokens: null, output_tokens: null } };

/** What a response says beside its usage. */
export interface ResponseFacts extends Pick<RecordOptions, 'format' | 'scope'> {
  /** The name of the model that has answered, where the response has one. */
  readonly model?: unknown;
  /** The response's id, where the provider gave one. */
  readonly responseId?: unknown;
}

/** Records calls for their run. */
export interface CallLog {
  /** Counts what the payload reports. Never throws. */
  record(run: AnyRun, payload: object, options: RecordOptions): void;
  /** The id under which a response is counted; null for none. */
  requestIdOf(run: AnyRun, responseId: unknown): string | null;
}

/** One call of a model, counted once. */
export class ModelCall {
  readonly run: AnyRun;
  readonly #log: CallLog;
  readonly #asked: string | null;
  /** The id under which it was counted when it was given up. */
  #lostId: string | null = null;
  #isCounted = false;
  #stopListening: () => void = () => undefined;

  constructor(log: CallLog, run: AnyRun, model: string | null) {
    this.#log = log;
    this.run = run;
    this.#asked = model;
  }

  /**
   * Gives the call up as soon as its signal aborts: its caller may not wait for the model's answer. A call
   * whose signal has aborted before it began is not made, and has used nothing.
   */
  until(signal: AbortSignal | null | undefined): this {
    if (signal?.aborted === false) this.#stopListening = onAbort(signal, () => this.lost());
    return this;
  }

  /** Waits for the answer, or fails. */
  async whileAsked<Answer>(ask: () => PromiseLike<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** The call has failed. After an abort nobody knows what was used; a refusal has used nothing. */
  failed(error: unknown): void {
    this.#stopListening();
    if (wasAborted(error) || this.run.isTerminal) this.lost();
  }

  /** Counts what the call has used, in place of the lost request where it was given up before. */
  used(payload: object, { model, responseId, ...options }: ResponseFacts = {}): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    this.#stopListening();
    const requestId = this.#lostId ?? this.#log.requestIdOf(this.run, responseId);
    this.#log.record(this.run, payload, { ...options, model: this.#nameOf(model), requestId });
  }

  /** Gives the call up: it counts as one request without a price, since nobody knows what it has used. */
  lost(): void {
    if (this.#isCounted || this.#lostId !== null) return;
    this.#stopListening();
    this.#lostId = randomUUID();
    this.#log.record(this.run, UNKNOWN_USAGE, { model: this.#nameOf(null), requestId: this.#lostId });
  }

  /** The first of the names that is one: of the model that answered, of the one that was asked. */
  #nameOf(answered: unknown): string | undefined {
    return [answered, this.#asked].find((name): name is string => typeof name === 'string' && name !== '');
  }
}
