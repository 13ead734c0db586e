import type { ExecutionContext, Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
  ChatCompletionToolMessageParam,
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
  for (;;) {
    run.checkLimits();
    run.incrementTurn();
    const completion = await ask(service, messages, tools, signal);
    recordUsage(meter, completion, timeline);
    const message = messageOf(completion);
    messages.push(message);
    const calls = message.tool_calls ?? [];
    if (calls.length === 0) return { answer: answerIn(completion) };
    for (const call of calls) messages.push(await answerCall(call, tools, timeline));
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

async function answerCall(
  call: ChatCompletionMessageToolCall,
  tools: readonly Tool[],
  timeline: Timeline,
): Promise<ChatCompletionToolMessageParam> {
  const { title, content } = await callTool(call, tools);
  timeline.note('tool', title);
  return { role: 'tool', tool_call_id: call.id, content };
}
