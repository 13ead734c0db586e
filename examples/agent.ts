/**
 * An agent that answers a question about the folder it stands in, recorded as a run.
 *
 *     npm start
 *     npm start -- "What does CHANGELOG.md say?"
 *     npm start -- --ui
 *
 * With OPENAI_API_KEY (and OPENAI_BASE_URL, OPENAI_MODEL) it asks that service; without a key a small
 * scripted model on loopback answers, over the same protocol. Ctrl-C cancels the run. Runs are kept in
 * an SQLite file (AGENT_RUN_DB); what a killed process leaves running, a later start ends as orphaned.
 */
import { Run, RunError } from 'agent-run';
import type { QuestionRun } from './support/agent-loop';
import { answerQuestion } from './support/agent-loop';
import { DEFAULT_FILE, History } from './support/history';
import type { Interrupt } from './support/interrupt';
import { listenForInterrupt } from './support/interrupt';
import type { ModelService } from './support/model-service';
import { DEFAULT_MODEL, openService } from './support/model-service';
import { showPage } from './support/page';
import type { Screen } from './support/screen';
import { terminal } from './support/screen';
import { Timeline } from './support/timeline';

const DEFAULT_QUESTION = 'What is in this folder, and what is it for?';
const HELP = `npm start                        asks: ${DEFAULT_QUESTION}
npm start -- "What is in lib?"   asks that
npm start -- --ui                then shows the runs on a page, until Ctrl-C

OPENAI_API_KEY    the key of the service; without one, a scripted model on loopback answers
OPENAI_BASE_URL   its address, where that is not OpenAI's
OPENAI_MODEL      its model (default: ${DEFAULT_MODEL})
AGENT_RUN_DB      the SQLite file that keeps the runs (default: ${DEFAULT_FILE})`;
const LIMITS = { maxTurns: 12, maxTotalTokens: 400_000 };
const TIMEOUT_MS = 180_000;

async function main(): Promise<number> {
  const screen = terminal();
  const words = process.argv.slice(2);
  const question = words.filter((word) => word !== '--ui').join(' ') || DEFAULT_QUESTION;
  if (question === '--help' || question === '-h') {
    screen.line(HELP);
    return 0;
  }
  const interrupt = listenForInterrupt();
  const history = await History.open(process.env, screen);
  const service = await openService(process.env);
  try {
    const run = await startRun(question, service, history, screen);
    await execute(run, service, interrupt, new Timeline(run, screen));
    printEnd(screen, run);
    await history.recover();
    if (words.includes('--ui')) await showPage(history.store, screen, interrupt.signal);
    return run.status === 'completed' ? 0 : (interrupt.exitCode ?? 1);
  } finally {
    service.close();
    await history.close();
  }
}

/** Makes the run and has it recorded, after a look at the earlier ones. */
async function startRun(
  question: string,
  service: ModelService,
  history: History,
  screen: Screen,
): Promise<QuestionRun> {
  const run: QuestionRun = new Run({
    sessionId: process.cwd(),
    input: { question },
    provider: service.provider,
    metadata: { model: service.model },
  });
  screen.fact('question', question);
  screen.fact('folder', process.cwd());
  screen.fact('model', service.description);
  screen.fact('kept in', history.file);
  await history.recover();
  await history.showEarlier(run.sessionId);
  screen.fact('run', run.id);
  screen.line();
  history.track(run);
  return run;
}

async function execute(
  run: QuestionRun,
  service: ModelService,
  { signal }: Interrupt,
  timeline: Timeline,
): Promise<void> {
  timeline.start();
  try {
    await run.execute((context) => answerQuestion(context, service, timeline), {
      signal,
      limits: LIMITS,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    // An ended run has the error in its record.
    if (!run.isTerminal) throw error;
  }
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

void main().then(
  (exitCode) => (process.exitCode = exitCode),
  (error: unknown) => {
    process.exitCode = 1;
    console.error(error instanceof RunError ? error.message : error);
  },
);
