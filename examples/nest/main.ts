/**
 * Runs in a NestJS 11 application: a module with a provider for the store and one for the manager, a
 * controller with events, a filter for errors, a check of what comes in, and the right shutdown hook.
 *
 *     npx tsx examples/nest/main.ts
 *     curl -d question='Which boats?' http://127.0.0.1:3000/runs
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { RunsModule } from './runs.module';

async function main(): Promise<void> {
  const app = await NestFactory.create(RunsModule, { logger: ['error'] });
  app.enableShutdownHooks(['SIGTERM']);
  await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

void main();
