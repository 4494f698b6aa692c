// Photos on their way to the house. Which are wanted is written down with the inspection they belong to; each is
// sent as it is, under an id of its own, until it is taken or refused for good. The house answers a repetition by the
// fingerprint, so a photo whose answer was lost does not go twice over a slow network.

import * as api from './api.js';
import * as store from './store.js';

// Writes down that a photo is to be sent; of the same photo of the same thing there is one.
export async function record(visit, kind, sha256) {
  const { caseId } = visit.case;
  const key = `${caseId}.${kind}.${sha256}`;
  if (await store.get('uploads', key)) return;
  const { appointmentId } = visit;
  await store.put('uploads', key, { key, caseId, appointmentId, kind, sha256, requestId: crypto.randomUUID(), state: 'waiting' });
}

export async function ofVisit(appointment) {
  return (await store.all('uploads')).filter((one) => one.appointmentId === appointment);
}

export async function waiting() {
  return (await store.all('uploads')).filter((one) => one.state === 'waiting');
}

// Sends what waits, one after the other. Throws `Away` where nobody answers.
export async function send(language) {
  for (const upload of await waiting()) {
    const { key, caseId, kind, sha256, requestId } = upload;
    const photo = await store.get('photos', sha256);
    try {
      if (!photo) throw new api.Refused({ reason: 'NOT_FOUND' });
      await api.upload(`/v1/cases/${caseId}/evidence?kind=${kind}&sha256=${sha256}&bytes=${photo.blob.size}`, photo.blob, requestId, language);
      await store.put('uploads', key, { ...upload, state: 'done' });
    } catch (error) {
      if (!(error instanceof api.Refused) || error.problem.status === 401) throw error;
      await store.put('uploads', key, { ...upload, state: 'refused', refusal: { ...error.problem, message: error.problem.detail } });
    }
  }
}
