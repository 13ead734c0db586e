import type { ExecutionContext, Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions';
import type { Tool } from './folder-tools';
import { callTool, folderTools } from './folder-tools';
import type { ModelService } from './model-service';
import { explained } from './model-service';
import type { Timeline } from './timeline';

export interface Question {
  question: string;
}

export interface Answer {
  answer: string;
}

export type QuestionRun = Run<Question, Answer>;

const SYSTEM_PROMPT =
  'You answer questions about the folder that you stand in. Look with the tools before you answer; ' +
  'say what you found, briefly, and in which file.';

/** The loop: ask the model, do what it asks for, until it answers. */
export async function answerQuestion(
  { run, signal }: ExecutionContext<QuestionRun>,
  service: ModelService,
  timeline: Timeline,
): Promise<Answer> {
  const meter = new UsageMeter(run, {
    ...service.pricing,
    onWarning: ({ message }) => timeline.note('price', message),
  });
  const tools = folderTools(process.cwd());
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: SYSTEM_PROMPT },
    { role: 'user', content: run.input!.question },
  ];
  const looked: string[] = [];
  for (;;) {
    run.checkLimits();
    run.incrementTurn();
    const completion = await ask(service, messages, tools, signal);
    recordUsage(meter, completion, timeline);
    const message = messageOf(completion);
    messages.push(message);
    const calls = message.tool_calls ?? [];
    if (calls.length === 0) return { answer: answerIn(completion) };
    for (const call of calls) {
      const { title, content } = await run.step(nameOf(call), () => callTool(call, tools));
      timeline.note('tool', title);
      messages.push({ role: 'tool', tool_call_id: call.id, content });
      looked.push(title);
    }
    // What there is of an answer, for a run that is stopped.
    run.draftOutput({ answer: `No answer yet. Looked at: ${looked.join(', ')}` });
  }
}

async function ask(
  service: ModelService,
  messages: ChatCompletionMessageParam[],
  tools: readonly Tool[],
  signal: AbortSignal,
): Promise<ChatCompletion> {
  const { client, model } = service;
  const definitions = tools.map(({ definition }) => definition);
  try {
    return await client.chat.completions.create({ model, messages, tools: definitions }, { signal });
  } catch (error) {
    throw explained(error, service);
  }
}

/** Counts tokens and cost; a service that reports no usage is one whose usage is unknown. */
function recordUsage(meter: UsageMeter, completion: Loose<ChatCompletion>, timeline: Timeline): void {
  if ((completion.usage ?? null) === null) timeline.note('usage', 'the service reports none');
  else meter.record(completion);
}

/** What other services than OpenAI's leave out. */
type Loose<Whole> = { readonly [Key in keyof Whole]?: Whole[Key] | null };

function messageOf({ choices }: Loose<ChatCompletion>): ChatCompletionMessage {
  const message = choices?.[0]?.message;
  if (message === undefined) throw new Error('The service sent no reply of the model');
  return message;
}

function answerIn(completion: ChatCompletion): string {
  const { content, refusal }: Loose<ChatCompletionMessage> = messageOf(completion);
  const answer = content ?? '';
  if (answer !== '') return answer;
  const reason = completion.choices[0]?.finish_reason ?? 'no reason';
  throw new Error(refusal ?? `The model ended without an answer (${reason})`);
}

function nameOf(call: ChatCompletionMessageToolCall): string {
  return call.type === 'function' ? call.function.name : call.type;
}
