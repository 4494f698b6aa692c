// What was done, kept on the device until the house has it. An action is written down before anything is
// sent; it has an id and a number of its own, so it may be sent again, late, doubled or out of order. Times are
// the device's: the house corrects them by `deviceNow`.

import * as api from './api.js';
import * as store from './store.js';
import * as uploads from './uploads.js';

const BATCH = 100;
const RETRY_FIRST = 2000;
const RETRY_MAX = 60000;

let sending = null;
let timer = 0;
let wait = RETRY_FIRST;
const listeners = new Set();

export const onChange = (listener) => listeners.add(listener);
const tell = (isOwn) => listeners.forEach((listener) => listener(isOwn));

// Everything done at a visit, oldest first.
export async function ofVisit(appointment) {
  const actions = await store.all('actions');
  return actions.filter((one) => one.appointmentId === appointment).sort((a, b) => a.sequence - b.sequence);
}

export async function waiting() {
  const actions = await store.all('actions');
  return actions.filter((one) => one.state === 'waiting').sort((a, b) => a.sequence - b.sequence);
}

// Writes an action down; `kind` is the field of `VisitAction`, for example `checkIn`.
export async function record(kind, visit, body) {
  const sequence = ((await store.get('settings', 'sequence')) || 0) + 1;
  await store.put('settings', 'sequence', sequence);
  const actionId = crypto.randomUUID();
  const action = {
    actionId,
    sequence,
    takenAt: new Date().toISOString(),
    appointmentId: visit.appointmentId,
    kind,
    body: { caseId: visit.case.caseId, ...body },
    state: 'waiting',
  };
  await store.put('actions', actionId, action);
  tell(true);
  flush();
  return action;
}

// Sends what waits, once at a time. Called after every action, when the network comes back, and by the timer.
export function flush() {
  sending ||= send().finally(() => {
    sending = null;
  });
  return sending;
}

// Actions first: they are what the customer waits for. Photos follow, also where there was no action to send.
async function send() {
  clearTimeout(timer);
  const language = (await store.get('settings', 'language')) || 'zh';
  try {
    await sendActions(language);
    await uploads.send(language);
    await store.del('settings', 'trouble');
  } catch (error) {
    const trouble = error instanceof api.Refused ? error.problem : null;
    await store.put('settings', 'trouble', trouble);
  }
  tell(false);
  if ((await waiting()).length + (await uploads.waiting()).length > 0) {
    timer = setTimeout(flush, wait);
    wait = Math.min(wait * 2, RETRY_MAX);
  } else {
    wait = RETRY_FIRST;
  }
}

async function sendActions(language) {
  const actions = (await waiting()).slice(0, BATCH);
  if (actions.length === 0) return;
  const message = {
    requestId: crypto.randomUUID(),
    deviceNow: new Date().toISOString(),
    actions: actions.map(({ actionId, sequence, takenAt, appointmentId, kind, body }) => ({
      actionId, sequence, takenAt, appointmentId, [kind]: body,
    })),
  };
  const answer = await api.call('POST', '/v1/technician/actions:sync', message, language);
  await settle(answer.results || []);
  if (Math.abs(parseFloat(answer.clockAhead || '0')) > 120) await store.put('settings', 'clockAhead', answer.clockAhead);
  else await store.del('settings', 'clockAhead');
}

async function settle(results) {
  for (const result of results) {
    const action = await store.get('actions', result.actionId);
    if (!action) continue;
    // A later answer about the same action says the same; an unknown next step is asked about again.
    const next = result.nextStep || 'NEXT_STEP_SEND_AGAIN';
    if (result.outcome === 'ACTION_OUTCOME_REFUSED') {
      if (next !== 'NEXT_STEP_SEND_AGAIN') action.state = 'refused';
      action.refusal = result.refusal || {};
    } else if (next === 'NEXT_STEP_DONE') {
      action.state = result.outcome === 'ACTION_OUTCOME_APPLIED' ? 'done' : 'kept';
      action.keptBecause = result.keptBecause || '';
      action.hint = result.completionCodeHint || '';
      delete action.refusal;
    }
    await store.put('actions', action.actionId, action);
    const visit = await store.get('visits', action.appointmentId);
    if (visit && result.case) await store.put('visits', action.appointmentId, { ...visit, case: newer(visit.case, result.case) });
  }
}

// The later of two views of a case: its etag is a quoted version.
export function newer(known, told) {
  const version = (one) => Number((one?.etag || '0').replace(/"/g, ''));
  return version(told) >= version(known) ? told : known;
}
