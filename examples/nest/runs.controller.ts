import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageEvent } from '@nestjs/common';
import {
  Body,
  ClassSerializerInterceptor,
  Controller,
  Delete,
  Get,
  Inject,
  Param,
  Post,
  Sse,
  UseFilters,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import type { AnyRun } from 'agent-run';
import { RunError } from 'agent-run';
import type { ManagedContext } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { Observable } from 'rxjs';
import { from, map } from 'rxjs';
import { QuestionDto } from './question.dto';
import { RunErrorFilter } from './run-error.filter';

const checked = new ValidationPipe({ whitelist: true, transform: true, expectedType: QuestionDto });

/** Runs over HTTP. Return the run itself: the serializer writes its record. */
@Controller('runs')
@UseFilters(RunErrorFilter)
@UseInterceptors(ClassSerializerInterceptor)
export class RunsController {
  readonly #runs: RunManager;
  readonly #store: SqliteRunStore;

  constructor(@Inject(RunManager) runs: RunManager, @Inject(SqliteRunStore) store: SqliteRunStore) {
    this.#runs = runs;
    this.#store = store;
  }

  @Post()
  ask(@Body(checked) { question }: QuestionDto): AnyRun {
    const run = this.#runs.create({ sessionId: 'questions', input: { question } });
    // How it ends stands in its record.
    this.#runs.execute(run, answer).catch(() => undefined);
    return run;
  }

  @Get(':id')
  async show(@Param('id') id: string): Promise<AnyRun> {
    const run = await this.#runs.get(id);
    if (run === null) throw new RunError('run_not_found', `There is no run ${id}`);
    return run;
  }

  @Delete(':id')
  cancel(@Param('id') id: string): Promise<AnyRun> {
    return this.#runs.cancel(id, 'Cancelled by the caller');
  }

  /** The journal of a run as it grows; a client that leaves ends it. */
  @Sse(':id/events')
  events(@Param('id') id: string): Observable<MessageEvent> {
    const entries = this.#store.watch({ runId: id });
    return from(entries).pipe(map(({ seq, type, data }) => ({ id: String(seq), data: { type, data } })));
  }
}

/** Stands for your agent. */
async function answer({ run, signal }: ManagedContext): Promise<object> {
  run.incrementTurn();
  await run.step('search', () => sleep(50, undefined, { signal }));
  await sleep(50, undefined, { signal });
  return { answer: 'Ariel sails from Whitby' };
}
