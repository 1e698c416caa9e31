/**
 * A client at work: signs in to one server after another in one config directory, without a pause and
 * by the client's own protocol. Arguments: the directory, the name of its servers, how many.
 */
import { signIn } from './clientWrites.ts';

const [configDir = '', name = '', count = '0'] = process.argv.slice(2);
for (let index = 0; index < Number(count); index += 1) {
  await signIn({ configDir }, `${name}-${index}`);
}
