/* eslint-disable @typescript-eslint/no-require-imports -- The package declares no types for its single files. */
import type * as ClassValidator from 'class-validator';

// The root of class-validator loads a megabyte of rules for phone numbers: nine tenths of the time that
// this package took to load. Its files share one storage of decorators with a user of the root. Not in a
// try: bundlers leave such a require alone, and it would fail where everything is in one file.
const { ValidateBy } = require('class-validator/cjs/decorator/common/ValidateBy') as typeof ClassValidator;
const { IsIn } = require('class-validator/cjs/decorator/common/IsIn') as typeof ClassValidator;
const { IsNotEmpty } = require('class-validator/cjs/decorator/common/IsNotEmpty') as typeof ClassValidator;
const { IsOptional } = require('class-validator/cjs/decorator/common/IsOptional') as typeof ClassValidator;
const { IsDate } = require('class-validator/cjs/decorator/typechecker/IsDate') as typeof ClassValidator;
const { IsInt } = require('class-validator/cjs/decorator/typechecker/IsInt') as typeof ClassValidator;
const { IsNumber } = require('class-validator/cjs/decorator/typechecker/IsNumber') as typeof ClassValidator;
const { Max } = require('class-validator/cjs/decorator/number/Max') as typeof ClassValidator;
const { Min } = require('class-validator/cjs/decorator/number/Min') as typeof ClassValidator;
const storage = require('class-validator/cjs/metadata/MetadataStorage') as typeof ClassValidator;
const { ValidationTypes } =
  require('class-validator/cjs/validation/ValidationTypes') as typeof ClassValidator;

const { getMetadataStorage } = storage;

export {
  getMetadataStorage,
  IsDate,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  Max,
  Min,
  ValidateBy,
  ValidationTypes,
};
