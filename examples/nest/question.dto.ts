import { IsString, Length } from 'class-validator';

/** What a client asks; the `ValidationPipe` checks it. */
export class QuestionDto {
  @IsString()
  @Length(1, 1_000)
  readonly question!: string;
}
