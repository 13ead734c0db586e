import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import { httpStatusOf, RunError } from 'agent-run';
import type { Response } from 'express';

/** Answers with the code of a `RunError`, under its HTTP status. */
@Catch(RunError)
export class RunErrorFilter implements ExceptionFilter<RunError> {
  catch(error: RunError, host: ArgumentsHost): void {
    const { code, message, details } = error;
    const response = host.switchToHttp().getResponse<Response>();
    response.status(httpStatusOf(error)).json({ error: { code, message, details } });
  }
}
