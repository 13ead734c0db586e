import { ReadableStream } from 'node:stream/web';
import type { ReadableStreamDefaultController, ReadableStreamDefaultReader } from 'node:stream/web';
import type { ModelCall } from '../model-call';
import type { SdkStreamPart } from './shapes';

/**
 * Passes a model's stream on, part by part, and counts its usage as soon as the stream reports it. A stream
 * that is cut before that counts as one lost request.
 */
export class CountedStream {
  readonly #reader: ReadableStreamDefaultReader<SdkStreamPart>;
  readonly #call: ModelCall;
  #modelId: unknown;
  #responseId: unknown;

  constructor(source: ReadableStream<SdkStreamPart>, call: ModelCall) {
    this.#reader = source.getReader();
    this.#call = call;
  }

  /** The stream to read instead. */
  get stream(): ReadableStream<SdkStreamPart> {
    return new ReadableStream<SdkStreamPart>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => {
          this.#call.lost();
          return this.#reader.cancel(reason);
        },
      },
      // Nothing is read from the provider before somebody asks for it.
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<SdkStreamPart>): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (done) {
        this.#call.lost();
        controller.close();
        return;
      }
      this.#look(value);
      controller.enqueue(value);
    } catch (error) {
      this.#call.lost();
      controller.error(error);
    }
  }

  #look(part: SdkStreamPart): void {
    if (part.type === 'response-metadata') {
      this.#modelId = part.modelId ?? this.#modelId;
      this.#responseId = part.id ?? this.#responseId;
    }
    if (part.type !== 'finish') return;
    const { usage, providerMetadata } = part;
    this.#call.used({ usage, providerMetadata }, { model: this.#modelId, responseId: this.#responseId });
  }
}
