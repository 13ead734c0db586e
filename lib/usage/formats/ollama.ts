import type { PayloadFormat } from '../format';

/** Ollama's chat and generate. Source: `ollama` 0.6 (read November 2026). */
export const ollama: PayloadFormat = {
  counts: {
    input_tokens: ['prompt_eval_count'],
    output_tokens: ['eval_count'],
  },
};
