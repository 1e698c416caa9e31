/**
 * A client at work: signs in to one server after another in one config directory, without a pause and
 * by the client's own protocol. Arguments: the directory, the name of its servers, how many.
 */
import { signIn } from './clientWrites.ts';
import { fakeToken } from './fake.ts';

const [configDir = '', name = '', count = '0'] = process.argv.slice(2);
for (let index = 0; index < Number(count); index += 1) {
  // Made-up tokens are counted in each process: without the name another process's would be the same.
  const accessToken = fakeToken(`access-of-${name}`);
  const refreshToken = fakeToken(`refresh-of-${name}`);
  await signIn({ configDir }, `${name}-${index}`, { accessToken, refreshToken });
}
