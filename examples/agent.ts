/**
 * An agent that answers a question about the folder it stands in, recorded as a run.
 *
 *     npm start
 *     npm start -- "What does CHANGELOG.md say?"
 *
 * With OPENAI_API_KEY (and OPENAI_BASE_URL, OPENAI_MODEL) it asks that service; without a key a small
 * scripted model on loopback answers, over the same protocol. Ctrl-C cancels the run.
 */
import { constants } from 'node:os';
import type { ExecutionContext } from 'agent-run';
import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
  ChatCompletionToolMessageParam,
} from 'openai/resources/chat/completions';
import type { Tool } from './support/folder-tools';
import { callTool, folderTools } from './support/folder-tools';
import type { ModelService } from './support/model-service';
import { DEFAULT_MODEL, explained, openService } from './support/model-service';
import type { Screen } from './support/timeline';
import { terminal, Timeline } from './support/timeline';

interface Question {
  question: string;
}

interface Answer {
  answer: string;
}

type QuestionRun = Run<Question, Answer>;

const DEFAULT_QUESTION = 'What is in this folder, and what is it for?';
const HELP = `npm start                        asks: ${DEFAULT_QUESTION}
npm start -- "What is in lib?"   asks that

OPENAI_API_KEY    the key of the service; without one, a scripted model on loopback answers
OPENAI_BASE_URL   its address, where that is not OpenAI's
OPENAI_MODEL      its model (default: ${DEFAULT_MODEL})`;
const SYSTEM_PROMPT =
  'You answer questions about the folder that you stand in. Look with the tools before you answer; ' +
  'say what you found, briefly, and in which file.';
const LIMITS = { maxTurns: 12, maxTotalTokens: 400_000 };
const TIMEOUT_MS = 180_000;

async function main(): Promise<number> {
  const screen = terminal();
  const question = process.argv.slice(2).join(' ') || DEFAULT_QUESTION;
  if (question === '--help' || question === '-h') {
    screen.line(HELP);
    return 0;
  }
  const service = await openService(process.env);
  const run: QuestionRun = new Run({
    sessionId: process.cwd(),
    input: { question },
    provider: service.provider,
    metadata: { model: service.model },
  });
  printHeading(screen, run, service);
  const timeline = new Timeline(run, screen);
  timeline.start();
  const interrupt = listenForInterrupt();
  try {
    await run.execute((context) => answerQuestion(context, service, timeline), {
      signal: interrupt.signal,
      limits: LIMITS,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    // An ended run has the error in its record.
    if (!run.isTerminal) throw error;
  } finally {
    service.close();
  }
  printEnd(screen, run);
  return run.status === 'completed' ? 0 : interrupt.exitCode;
}

/** The loop: ask the model, do what it asks for, until it answers. */
async function answerQuestion(
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
function recordUsage(meter: UsageMeter, completion: ChatCompletion, timeline: Timeline): void {
  if (completion.usage === undefined) timeline.note('usage', 'the service reports none');
  else meter.record(completion);
}

function messageOf({ choices }: ChatCompletion): ChatCompletionMessage {
  const [choice] = choices;
  if (choice === undefined) throw new Error('The model gave no reply');
  return choice.message;
}

function answerIn(completion: ChatCompletion): string {
  const { content, refusal } = messageOf(completion);
  if (content !== null && content !== '') return content;
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

/** Ctrl-C, or a polite kill, cancels the run; the second time it ends the process. */
function listenForInterrupt(): { readonly signal: AbortSignal; readonly exitCode: number } {
  const controller = new AbortController();
  const interrupt = { signal: controller.signal, exitCode: 1 };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupt.exitCode = 128 + constants.signals[signal];
      controller.abort(new Error(signal === 'SIGINT' ? 'Stopped with Ctrl-C' : 'Stopped with SIGTERM'));
    });
  }
  return interrupt;
}

function printHeading({ line, styled }: Screen, run: QuestionRun, { description }: ModelService): void {
  const facts = { question: run.input!.question, folder: process.cwd(), model: description, run: run.id };
  for (const [name, value] of Object.entries(facts)) line(`${styled('dim', name.padEnd(8))}  ${value}`);
  line();
}

function printEnd({ line, styled }: Screen, run: QuestionRun): void {
  line();
  if (run.output !== null) line(`${styled('bold', 'Answer')}\n${run.output.answer}`);
  if (run.error !== null) line(`${styled('red', run.status)}: ${errorText(run)}`);
  line(`\n${styled('bold', 'Record')}\n${JSON.stringify(run, null, 2)}`);
}

function errorText({ error }: QuestionRun): string {
  const message = error?.['message'];
  return typeof message === 'string' ? message : JSON.stringify(error);
}

void main().then((exitCode) => {
  process.exitCode = exitCode;
});
