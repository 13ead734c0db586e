/* eslint-disable @typescript-eslint/no-require-imports -- The package declares no types for its single files. */
import type * as ClassValidator from 'class-validator';

/** What of class-validator is used here. */
type Used = Pick<
  typeof ClassValidator,
  | 'getMetadataStorage'
  | 'IsDate'
  | 'IsIn'
  | 'IsInt'
  | 'IsNotEmpty'
  | 'IsNumber'
  | 'IsOptional'
  | 'Max'
  | 'Min'
  | 'ValidateBy'
  | 'ValidationTypes'
>;

export const {
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
} = load();

/**
 * The root of class-validator loads a megabyte of rules for phone numbers: nine tenths of the time that
 * this package took to load. Its files share one storage of decorators with a user of the root. Where a
 * later version keeps them elsewhere, the root has all of them.
 */
function load(): Used {
  try {
    return singleFiles();
  } catch {
    return root();
  }
}

/** Not in the `try` itself: bundlers leave what is required there alone, and it would not be in the bundle. */
function singleFiles(): Used {
  const { ValidateBy } = require('class-validator/cjs/decorator/common/ValidateBy') as Used;
  const { IsIn } = require('class-validator/cjs/decorator/common/IsIn') as Used;
  const { IsNotEmpty } = require('class-validator/cjs/decorator/common/IsNotEmpty') as Used;
  const { IsOptional } = require('class-validator/cjs/decorator/common/IsOptional') as Used;
  const { IsDate } = require('class-validator/cjs/decorator/typechecker/IsDate') as Used;
  const { IsInt } = require('class-validator/cjs/decorator/typechecker/IsInt') as Used;
  const { IsNumber } = require('class-validator/cjs/decorator/typechecker/IsNumber') as Used;
  const { Max } = require('class-validator/cjs/decorator/number/Max') as Used;
  const { Min } = require('class-validator/cjs/decorator/number/Min') as Used;
  const { getMetadataStorage } = require('class-validator/cjs/metadata/MetadataStorage') as Used;
  const { ValidationTypes } = require('class-validator/cjs/validation/ValidationTypes') as Used;
  return {
    ...{ getMetadataStorage, IsDate, IsIn, IsInt, IsNotEmpty, IsNumber },
    ...{ IsOptional, Max, Min, ValidateBy, ValidationTypes },
  };
}

/** By a way that no bundler follows: a bundle has the files, and the root would double it. */
function root(): Used {
  const { createRequire } = process.getBuiltinModule('node:module');
  return createRequire(__filename)('class-validator') as Used;
}
