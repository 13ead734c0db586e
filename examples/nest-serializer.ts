/**
 * Runs in the answers of a NestJS controller, through its ClassSerializerInterceptor. Return the run
 * itself, and read such an answer with `Run.fromJSON`.
 */
import 'reflect-metadata';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { ClassSerializerInterceptor } from '@nestjs/common';
import { Run } from 'agent-run';
import { firstValueFrom, of } from 'rxjs';

/** A controller as in an application; its decorators are left out here. */
class RunsController {
  readonly #runs: Run[] = [];

  create(prompt: string): Run {
    const run = new Run({ sessionId: 'session-123', input: { prompt, constructor: 'a hostile key' } });
    run.on('statusChanged', () => undefined);
    this.#runs.push(run.updateStatus('running'));
    return run;
  }

  list(): { runs: Run[] } {
    return { runs: this.#runs };
  }
}

// In an application: app.useGlobalInterceptors(new ClassSerializerInterceptor(app.get(Reflector))).
const interceptor = new ClassSerializerInterceptor({ getAllAndOverride: () => undefined });

/** What a client of the controller receives. */
async function answer(value: unknown): Promise<unknown> {
  const context = { getHandler: () => undefined, getClass: () => undefined } as unknown as ExecutionContext;
  const handler: CallHandler = { handle: () => of(value) };
  return JSON.parse(JSON.stringify(await firstValueFrom(interceptor.intercept(context, handler))));
}

async function main(): Promise<void> {
  const controller = new RunsController();
  const created = controller.create('Hi');
  const received = await answer(created);
  console.log(received);
  console.log('read:', Run.fromJSON(received).status);
  console.log('a list:', await answer(controller.list()));
}

void main();

// Prints:
// {
//   id: 'run_01a205e42b64723abe1eac64f84d442d',
//   session_id: 'session-123',
//   status: 'running',
//   input: { prompt: 'Hi', constructor: 'a hostile key' },
//   output: null,
//   error: null,
//   metadata: {},
//   turn_count: 0,
//   token_usage: {},
//   started_at: '2026-11-23T00:52:49.124Z',
//   ended_at: null,
//   provider: null,
//   cost_usd: null,
//   provider_metadata: {}
// }
// read: running
// a list: {
//   runs: [
//     {
//       id: 'run_01a205e42b64723abe1eac64f84d442d',
//       session_id: 'session-123',
//       status: 'running',
//       input: [Object],
//       output: null,
//       error: null,
//       metadata: {},
//       turn_count: 0,
//       token_usage: {},
//       started_at: '2026-11-23T00:52:49.124Z',
//       ended_at: null,
//       provider: null,
//       cost_usd: null,
//       provider_metadata: {}
//     }
//   ]
// }
