import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What every Node process of the tests gets besides its own variables. Compiled code is kept between starts, of which a
 * run of all tests has hundreds.
 */
export const processEnv = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: join(tmpdir(), 'leadwire-compiled'),
};
