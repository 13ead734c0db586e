import 'reflect-metadata';
import { Exclude, Expose, instanceToPlain, plainToInstance, Type } from 'class-transformer';
import { IsInt, IsString, Min, validateSync } from 'class-validator';
import { EventEmitter } from 'eventemitter3';
import { v7 } from 'uuid';

/** The events of a {@link Sample}. */
export interface SampleEvents {
  /** The count grew. */
  counted: [
    {
      /** How often. */
      readonly count: number;
    },
  ];
}

/** Throw-away class that proves that decorators work here. */
@Exclude()
export class Sample extends EventEmitter<SampleEvents> {
  /** The identifier: a UUIDv7. */
  @Expose()
  @IsString()
  id: string = v7();

  /** How often, a whole number. */
  @Expose({ name: 'turn_count' })
  @IsInt()
  @Min(0)
  count = 0;

  /** The moment it was made. */
  @Expose({ name: 'made_at' })
  @Type(() => Date)
  madeAt!: Date;

  /** Adds one. */
  add(): this {
    this.count += 1;
    this.emit('counted', { count: this.count });
    return this;
  }

  /** The record. */
  toJSON(): Record<string, unknown> {
    return instanceToPlain(this, { exposeUnsetFields: false });
  }

  /** Reads a record; throws when it does not hold. */
  static fromJSON(json: object): Sample {
    const sample = plainToInstance(Sample, json, { exposeDefaultValues: true });
    if (validateSync(sample, { validationError: { target: false, value: false } }).length > 0) {
      throw new TypeError('no sample');
    }
    return sample;
  }
}
