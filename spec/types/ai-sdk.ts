/** What a user of the AI SDK may compile, of both versions. */
import { generateText, streamText, tool, wrapLanguageModel, wrapProvider } from 'ai';
import type { LanguageModel, LanguageModelMiddleware, Provider, ToolSet } from 'ai';
import type { LanguageModelMiddleware as MiddlewareOf7 } from 'ai-7' with { 'resolution-mode': 'import' };
import { z } from 'zod';
import { Run } from 'agent-run';
import type { RunMiddleware } from 'agent-run/ai-sdk';
import { runMiddleware, runTools } from 'agent-run/ai-sdk';

declare const model: Parameters<typeof wrapLanguageModel>[0]['model'];
declare const provider: Parameters<typeof wrapProvider>[0]['provider'];

const middleware: RunMiddleware = runMiddleware({
  provider: 'openai',
  prices: {},
  onWarning: () => undefined,
});
middleware satisfies LanguageModelMiddleware;
middleware satisfies MiddlewareOf7;
wrapLanguageModel({ model, middleware: [middleware, runMiddleware({ run: null })] }) satisfies LanguageModel;
wrapProvider({ provider, languageModelMiddleware: middleware }) satisfies Provider;

const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }) => ({ city, degrees: 3 }),
});
const tools = runTools({ weather }, { outputs: true });
tools satisfies ToolSet;

// The types of tools are what they were.
tools.weather satisfies typeof weather;

const run = new Run<{ prompt: string }, { text: string }>({ sessionId: 's' });
void run.execute(async ({ signal }) => {
  const { text, toolResults } = await generateText({
    model: wrapLanguageModel({ model, middleware }),
    tools,
    abortSignal: signal,
    prompt: 'Hi',
  });
  for (const result of toolResults) {
    if (result.dynamic === true) continue;
    result.toolName satisfies 'weather';
    result.output satisfies { degrees: number };
  }
  return { text };
});
void streamText({ model: wrapLanguageModel({ model, middleware }), prompt: 'Hi' });

// @ts-expect-error a misspelt option
runMiddleware({ providr: 'openai' });
// @ts-expect-error a misspelt option
runTools({ weather }, { output: true });
