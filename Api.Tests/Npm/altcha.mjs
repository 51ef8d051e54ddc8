// ALTCHA's own library, with version 1 of the protocol, as the other side.
//
//   altcha.mjs create OPTIONS              prints a challenge; OPTIONS as createChallenge has them, expires in milliseconds
//   altcha.mjs solve CHALLENGE             prints the payload that the widget would send
//   altcha.mjs verify PAYLOAD KEY TIME     prints whether it is valid at that time, in milliseconds
import { createChallenge, solveChallenge, verifySolution } from 'altcha-lib/v1';

const [verb, ...args] = process.argv.slice(2);
console.log(await { create, solve, verify }[verb](...args));

async function create(json) {
  const options = JSON.parse(json);
  return JSON.stringify(await createChallenge({ ...options, expires: options.expires && new Date(options.expires) }));
}

async function solve(json) {
  const { algorithm, challenge, maxnumber, salt, signature } = JSON.parse(json);
  const { number, took } = await solveChallenge(challenge, salt, algorithm, maxnumber).promise;
  return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature, took }));
}

async function verify(payload, key, time) {
  Date.now = () => Number(time);
  return await verifySolution(payload, key);
}
