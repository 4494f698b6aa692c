// The REST side of the house: https://…/openapi.json says what there is.

import * as store from './store.js';

// No network, or nobody who answers: to be tried again.
export class Away extends Error {}
// An answer that is a refusal (RFC 9457, with the reasons of the error registry).
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || 'refused');
    this.problem = problem;
  }
}

async function headers(language) {
  const token = await store.get('settings', 'credential');
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'accept-language': language };
}

export async function call(verb, path, body, language = 'zh') {
  return answered(path, { method: verb, headers: await headers(language), body: body && JSON.stringify(body) }, 20000);
}

// Sends a file as it is. A minute and a half is what the house grants it.
export async function upload(path, blob, requestId, language) {
  const said = { ...(await headers(language)), 'content-type': 'application/octet-stream', 'idempotency-key': requestId };
  return answered(path, { method: 'POST', headers: said, body: blob }, 90000);
}

async function answered(path, request, patience) {
  let answer;
  try {
    answer = await fetch(path, { ...request, cache: 'no-store', signal: AbortSignal.timeout(patience) });
  } catch (error) {
    throw new Away(String(error));
  }
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Away(`${answer.status}`);
  }
  if (answer.ok) return json;
  if (answer.status >= 500 || answer.status === 429) throw new Away(json.title);
  throw new Refused({ status: answer.status, ...json });
}

// Reads the stream of the day: what the device lacks, then every change, until it ends or breaks.
export async function follow(day, cursor, signal, take) {
  const query = new URLSearchParams({ day, cursor });
  let answer;
  try {
    answer = await fetch(`/v1/technician/day:stream?${query}`, {
      headers: { ...(await headers('zh')), accept: 'application/x-ndjson' },
      cache: 'no-store',
      signal,
    });
  } catch (error) {
    throw new Away(String(error));
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    if (answer.status >= 500 || answer.status === 429) throw new Away(problem.title);
    throw new Refused({ status: answer.status, ...problem });
  }
  const lines = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    let part;
    try {
      part = await lines.read();
    } catch (error) {
      throw new Away(String(error));
    }
    if (part.done) return;
    const whole = (rest + part.value).split('\n');
    rest = whole.pop();
    for (const line of whole.filter(Boolean)) {
      const message = JSON.parse(line);
      if (message.problem) throw new Refused(message.problem);
      await take(message);
    }
  }
}
