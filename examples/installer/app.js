// The app: my day, a visit, settings. Every page is made from what the device keeps, so it is the same without
// a network; what the house says comes in by the stream of the day and by the answers to actions.

import * as api from './api.js';
import * as form from './form.js';
import * as queue from './queue.js';
import * as store from './store.js';
import * as uploads from './uploads.js';
import { between, both, languages, speak, spoken, t, time, word } from './words.js';

const { h } = form;
const view = document.querySelector('#view');
const network = document.querySelector('#network');
let following = null;
let reachable = navigator.onLine;

const dayOf = (at) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date(at));

// ---- The day ----

// Follows the stream of the day for as long as the app is open and somebody is signed in.
async function follow() {
  following?.abort();
  const mine = (following = new AbortController());
  let wait = 1000;
  while (!mine.signal.aborted && (await store.get('settings', 'credential'))) {
    const day = (await store.get('settings', 'day')) || '';
    const cursor = (await store.get('settings', 'cursor')) || '';
    try {
      await api.follow(day, cursor, mine.signal, take);
      wait = 1000;
    } catch (error) {
      if (mine.signal.aborted) return;
      await failed(error);
      if (error instanceof api.Refused && error.problem.status === 401) return;
    }
    if (mine.signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 15000);
  }
}

async function failed(error) {
  if (error instanceof api.Refused) {
    if (error.problem.reason === 'RESYNC_REQUIRED') await startAnew();
    if (error.problem.status === 401) {
      await store.del('settings', 'credential');
      render();
    }
  } else {
    reachable = false;
    status();
  }
}

async function startAnew() {
  await store.del('settings', 'cursor');
  for (const visit of await store.all('visits')) await store.del('visits', visit.appointmentId);
}

async function take(message) {
  if (!reachable) {
    reachable = true;
    queue.flush();
  }
  if (message.visit) {
    const known = await store.get('visits', message.visit.appointmentId);
    // What an action was answered may be newer than this look at the day.
    const told = queue.newer(known?.case, message.visit.case);
    await store.put('visits', message.visit.appointmentId, { ...message.visit, case: told });
    if (message.visit.checklist) await learn(message.visit.checklist);
  }
  if (message.removed) await store.del('visits', message.removed.appointmentId);
  if (message.cursor) await store.put('settings', 'cursor', message.cursor);
  status();
  if (message.visit || message.removed) refresh();
}

// Checklists never change, so each is fetched once, and before it is needed.
async function learn(name) {
  if (await store.get('checklists', name)) return;
  const checklist = await api.call('GET', `/v1/checklists/${name}`).catch(() => null);
  if (checklist) await store.put('checklists', name, checklist);
}

async function dayPage() {
  const visits = (await store.all('visits')).sort((a, b) => a.window.from.localeCompare(b.window.from));
  const rows = visits.map((visit) =>
    h('a', { class: 'card', href: `#/visit/${visit.appointmentId}` },
      h('h2', {}, `${between(visit.window)} · ${word(visit.category)}`),
      h('div', {}, `${visit.customerName || ''} ${visit.address?.street || ''}`),
      h('div', { class: 'quiet' }, `${word(visit.case.stage)}${visit.danger ? ` · ${t('客户称有危险', 'danger reported')}` : ''}`),
    ));
  const none = h('p', { class: 'quiet' }, t('今天没有上门。', 'No visits today.'));
  // The day is the house's; the device's clock may be wrong.
  const day = (await store.get('settings', 'day')) || dayOf(visits[0]?.window.from || Date.now());
  return [h('h1', {}, `${t('我的一天', 'My day')} · ${day}`), await notices(), ...(rows.length ? rows : [none])];
}

async function notices() {
  const ahead = await store.get('settings', 'clockAhead');
  const trouble = await store.get('settings', 'trouble');
  return h('div', {},
    ahead && h('p', { class: 'card bad', id: 'clock' }, wrongClock(parseFloat(ahead))),
    trouble && h('p', { class: 'card bad', id: 'trouble' }, trouble.detail || trouble.title || ''));
}

function wrongClock(seconds) {
  const [size, zh, en] = [[86400, '天', 'days'], [3600, '小时', 'hours'], [60, '分钟', 'minutes']].find(([one]) => Math.abs(seconds) >= one);
  const count = Math.round(Math.abs(seconds) / size);
  return seconds > 0
    ? t(`手机时钟快了 ${count} ${zh}，请校准。`, `The clock of this phone is ${count} ${en} fast: please set it.`)
    : t(`手机时钟慢了 ${count} ${zh}，请校准。`, `The clock of this phone is ${count} ${en} slow: please set it.`);
}

// ---- A visit ----

const isAny = (stage, ...stages) => stages.some((one) => stage === `STAGE_${one}`);

async function visitPage(id) {
  const visit = await store.get('visits', id);
  if (!visit) return [h('h1', {}, t('没有这次上门', 'There is no such visit')), h('a', { href: '#/' }, t('返回', 'Back'))];
  const acts = await queue.ofVisit(id);
  const waits = (kind) => acts.some((one) => one.kind === kind && one.state === 'waiting');
  const { stage } = visit.case;
  const page = [head(visit), await notices(), done(acts, await uploads.ofVisit(id))];
  const atDoor = isAny(stage, 'ON_SITE', 'INSPECTING') || waits('checkIn');
  if (isAny(stage, 'APPOINTED') && !waits('checkIn')) page.push(doorStep(visit, acts));
  if (atDoor && !waits('submitInspection')) page.push(await inspectionForm(visit));
  if ((isAny(stage, 'REPAIRING') || waits('submitInspection')) && !waits('completeRepair')) page.push(repairForm(visit));
  if ((isAny(stage, 'AWAIT_CONFIRM') || waits('completeRepair')) && !waits('completeVisit')) page.push(codeForm(visit));
  if (isAny(stage, 'APPOINTED', 'ON_SITE', 'INSPECTING') && !waits('reportUnable')) page.push(unableForm(visit));
  return page;
}

function head(visit) {
  const call = visit.relayPhone && h('a', { class: 'button', href: `tel:${visit.relayPhone}` }, `${t('拨打客户', 'Call the customer')} ${visit.relayPhone}`);
  const map = visit.address?.location && h('a', { href: `geo:${visit.address.location.lat || 0},${visit.address.location.lon || 0}` }, t('地图', 'Map'));
  return h('section', { class: 'card' },
    h('h1', {}, `${between(visit.window)} · ${word(visit.category)}`),
    h('p', { id: 'stage', 'data-stage': visit.case.stage }, word(visit.case.stage)),
    h('p', {}, `${visit.customerName || ''} · ${visit.address?.street || ''} `, map || ''),
    visit.danger && h('p', { class: 'danger' }, t('客户称有危险，请先确认安全。', 'The customer reported danger: make sure it is safe first.')),
    h('p', {}, visit.description || ''),
    h('p', { class: 'quiet' }, [visit.model, visit.serial, visit.workOrderId].filter(Boolean).join(' · ')),
    call || h('p', { class: 'quiet' }, t('上门前一小时起可拨打客户。', 'The customer can be called from an hour before the visit.')));
}

// What was done here, and what became of it.
function done(acts, photos) {
  if (acts.length + photos.length === 0) return null;
  const row = (one) =>
    h('li', { 'data-kind': one.kind, 'data-state': one.state },
      `${time(one.takenAt)} ${word(one.kind)} · ${word(one.state)}`,
      one.keptBecause && h('div', { class: 'quiet' }, word(one.keptBecause)),
      one.hint && h('div', { class: 'quiet' }, `${t('完工码已发至', 'The completion code went to')} ${one.hint}`),
      one.refusal && h('div', { class: 'fault' }, refusalText(one.refusal)));
  const photo = (one) =>
    h('li', { 'data-kind': 'photo', 'data-state': one.state },
      `${word('photo')} · ${word(one.state)}`,
      one.refusal && h('div', { class: 'fault' }, refusalText(one.refusal)));
  return h('section', { class: 'card' }, h('ul', { class: 'acts' }, acts.map(row), photos.map(photo)));
}

function refusalText(refusal) {
  const reason = refusal.reason || '';
  const faults = (refusal.violations || []).map((one) => `${one.field}: ${one.expected || one.description || one.reason || ''}`);
  return h('span', {}, `${refusal.message || reason} ${faults.join('; ')} `, reason && h('a', { href: `/errors/${reason}?lang=${spoken()}`, target: '_blank', rel: 'noopener' }, reason));
}

function doorStep(visit, acts) {
  const isOnTheWay = acts.some((one) => one.kind === 'startTravel' && one.state !== 'refused');
  const travel = h('button', { id: 'travel', type: 'button', onclick: (event) => once(event, () => queue.record('startTravel', visit, {})) }, word('startTravel'));
  const arrive = async () => {
    const position = await form.position();
    return queue.record('checkIn', visit, position ? { position } : {});
  };
  return h('section', { class: 'card' }, isOnTheWay ? null : travel, h('button', { id: 'check-in', type: 'button', onclick: (event) => once(event, arrive) }, word('checkIn')));
}

// A button that was pressed does it once; the page is made anew by what it wrote down.
async function once(event, act) {
  event.target.disabled = true;
  try {
    await act();
  } finally {
    event.target.disabled = false;
  }
}

const DEFAULT_PHOTOS = [
  { photo: 'nameplate', labelZh: '铭牌', labelEn: 'Nameplate', kind: 'EVIDENCE_KIND_NAMEPLATE', countMin: 1 },
  { photo: 'fault', labelZh: '故障', labelEn: 'The fault', kind: 'EVIDENCE_KIND_FAULT', countMin: 0 },
  { photo: 'exterior', labelZh: '外观', labelEn: 'The outside', kind: 'EVIDENCE_KIND_EXTERIOR', countMin: 0 },
];

async function inspectionForm(visit) {
  const checklist = visit.checklist ? await store.get('checklists', visit.checklist) : null;
  if (visit.checklist && !checklist) {
    learn(visit.checklist).then(refresh);
    return h('p', { class: 'card bad' }, t('检查表尚未下载，请先联网。', 'The checklist is not on this phone yet: find a network first.'));
  }
  const wanted = checklist?.photos || [];
  const further = DEFAULT_PHOTOS.filter((one) => !wanted.some((photo) => photo.kind === one.kind));
  const page = h('form', { class: 'card', id: 'inspection', novalidate: true });
  const serial = h('input', { name: 'serialInside', required: true, maxlength: 64, autocapitalize: 'characters', autocomplete: 'off' });
  page.append(h('h2', {}, word('submitInspection')),
    form.labelledField(t('机身号', 'Serial number'), serial), serialScan(serial) || '',
    ...[['packaging', '包装', 'Packaging'], ['exterior', '外观', 'Outside'], ['function', '功能', 'Function']].map(([name, zh, en]) => form.listed(name, t(zh, en))),
    form.labelledField(t('故障代码', 'Fault code'), h('input', { name: 'faultCode', maxlength: 40 })),
    form.labelledField(t('检测情况', 'What was found'), h('textarea', { name: 'finding', maxlength: 2000 })),
    form.listed('cause', t('原因', 'Cause')),
    form.labelledField(t('原因依据（如撞击点）', 'The sign that shows it'), h('input', { name: 'causeSign', maxlength: 500 })),
    form.listed('handling', t('现场处理', 'Done on the spot')), form.listed('conclusion', t('结论', 'Conclusion')));
  if (checklist) page.append(h('fieldset', {}, h('legend', {}, `${t('检查表', 'Checklist')} ${checklist.checklist}`), (checklist.fields || []).map(form.question)));
  page.append(form.listed('signature', t('客户签字', 'Signature')));
  const { kept, save } = await form.draft(page, `inspection.${visit.appointmentId}`);
  for (const photo of [...wanted, ...further]) {
    kept.photos[photo.photo] ||= [];
    const count = photo.countMin ? ` ×${photo.countMin}` : '';
    page.append(form.photos(`photo.${photo.photo}`, both(photo) + count, kept.photos[photo.photo], save));
  }
  if (checklist?.signature) {
    page.append(form.pad(t('客户在此签名', 'The customer signs here'), (sha256) => {
      kept.signature = sha256;
      save();
    }));
  }
  page.append(h('p', { class: 'fault', role: 'alert' }), h('button', {}, t('提交检测单', 'Submit the inspection')));
  page.addEventListener('submit', (event) => {
    event.preventDefault();
    once({ target: event.submitter || page.querySelector('button:not([type])') }, () => submitInspection(visit, checklist, [...wanted, ...further], page, kept));
  });
  return page;
}

function serialScan(input) {
  if (!('BarcodeDetector' in window)) return null;
  const read = async (event) => {
    const text = await form.scan(event.target.files[0]);
    if (text) input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };
  return form.labelledField(t('拍条码识别', 'Read it from its bar code'), h('input', { name: 'scan', type: 'file', accept: 'image/*', capture: 'environment', onchange: read }));
}

// Whether the browser finds a form complete; says what is missing beside the button.
function complete(page, further = []) {
  const missing = [...page.elements].filter((one) => one.willValidate && !one.checkValidity());
  for (const one of page.elements) one.removeAttribute('aria-invalid');
  for (const one of missing) one.setAttribute('aria-invalid', 'true');
  const names = missing.map((one) => one.labels?.[0]?.textContent || one.name).concat(further);
  page.querySelector('[role=alert]').textContent = names.length ? `${t('请填写', 'Please fill in')}: ${names.join(t('、', ', '))}` : '';
  missing[0]?.focus();
  return names.length === 0;
}

async function submitInspection(visit, checklist, wanted, page, kept) {
  const value = (name) => page.elements[name].value.trim();
  const photosMissing = wanted.filter((one) => kept.photos[one.photo].length < (one.countMin || 0)).map(both);
  const isSigned = value('signature') === 'SIGNATURE_SIGNED';
  if (checklist?.signature && isSigned && !kept.signature) photosMissing.push(t('客户签名', 'Signature'));
  if (!complete(page, photosMissing)) return;
  const evidence = [];
  for (const one of wanted) {
    for (const sha256 of kept.photos[one.photo]) {
      const photo = await store.get('photos', sha256);
      if (!evidence.some((item) => item.sha256 === sha256 && item.kind === one.kind)) evidence.push({ kind: one.kind, sha256, takenAt: photo.takenAt });
    }
  }
  const names = ['serialInside', 'packaging', 'exterior', 'function', 'faultCode', 'finding', 'cause', 'causeSign', 'handling', 'conclusion', 'signature'];
  const certificate = { inspectedAt: new Date().toISOString(), model: visit.model || '', evidence };
  for (const name of names) certificate[name] = value(name);
  const body = { certificate };
  if (checklist) {
    body.checklist = {
      checklist: checklist.checklist,
      answers: form.answers(page, checklist),
      photos: (checklist.photos || []).map((one) => ({ photo: one.photo, sha256: kept.photos[one.photo] })),
      signatureSha256: isSigned && checklist.signature ? kept.signature : '',
    };
  }
  // Written down first: once the inspection is, its photos are on their way.
  for (const { kind, sha256 } of evidence) await uploads.record(visit, kind, sha256);
  await queue.record('submitInspection', visit, body);
}

// A form of a few fields that becomes one action.
function smallForm(id, title, fields, button, act) {
  const page = h('form', { class: 'card', id, novalidate: true }, h('h2', {}, title), fields, h('p', { class: 'fault', role: 'alert' }), h('button', {}, button));
  page.addEventListener('submit', (event) => {
    event.preventDefault();
    if (complete(page)) once({ target: event.submitter || page.querySelector('button') }, () => act((name) => page.elements[name].value.trim()));
  });
  form.draft(page, `${id}.${location.hash}`);
  return page;
}

function repairForm(visit) {
  const fields = [
    form.labelledField(t('做了什么', 'What was done'), h('textarea', { name: 'summary', required: true, maxlength: 2000 })),
    form.listed('repaired', t('现在', 'Now')),
  ];
  return smallForm('repair', word('completeRepair'), fields, t('维修结束', 'The repair has ended'), (value) =>
    queue.record('completeRepair', visit, { summary: value('summary'), function: value('repaired') }));
}

function codeForm(visit) {
  const input = h('input', { name: 'code', inputmode: 'numeric', pattern: '[0-9]{6}', maxlength: 6, required: true, autocomplete: 'one-time-code' });
  const fields = [form.labelledField(t('客户提供的六位完工码', 'The six digits the customer hands over'), input)];
  return smallForm('code', word('completeVisit'), fields, t('完成上门', 'Complete the visit'), (value) => queue.record('completeVisit', visit, { completionCode: value('code') }));
}

// Weather and danger have to say when somebody looks again; a day later is usual.
function unableForm(visit) {
  const local = new Date(Date.now() + 86400000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  const next = form.labelledField(t('下次联系时间（7 天以内）', 'When to try again (within seven days)'), h('input', { name: 'next', type: 'datetime-local', value: local, required: true }));
  const fields = [form.listed('unable', t('原因', 'Why')), next, form.labelledField(t('说明（选填）', 'In words (optional)'), h('input', { name: 'remark', maxlength: 500 }))];
  const page = smallForm('unable', word('reportUnable'), fields, t('上报', 'Report'), (value) => queue.record('reportUnable', visit, { reason: value('unable'), remark: value('remark'), nextContactAt: new Date(value('next')).toISOString() }));
  page.classList.remove('card');
  return h('details', { class: 'card' }, h('summary', {}, word('reportUnable')), page);
}

// ---- Signing in, settings ----

function signInPage() {
  const input = h('textarea', { name: 'credential', required: true, autocomplete: 'off', spellcheck: 'false' });
  const page = h('form', { class: 'card', id: 'sign-in' }, h('h1', {}, t('登录', 'Sign in')),
    h('p', { class: 'quiet' }, t('请粘贴网点给您的凭证。', 'Paste the credential your centre gave you.')),
    form.labelledField(t('凭证', 'Credential'), input), h('button', {}, t('登录', 'Sign in')));
  page.addEventListener('submit', async (event) => {
    event.preventDefault();
    await signIn(input.value.trim());
  });
  const secure = window.isSecureContext ? null : h('p', { class: 'card bad' }, t('此页面须通过 https 打开才能离线工作。', 'This page works offline only when it is opened over https.'));
  return [secure, page];
}

async function signIn(credential) {
  await store.put('settings', 'credential', credential);
  follow();
  queue.flush();
  location.hash = '#/';
  render();
}

async function settingsPage() {
  const language = h('select', { name: 'language', onchange: async (event) => {
    speak(event.target.value);
    await store.put('settings', 'language', event.target.value);
    render();
  } }, languages.map((one) => h('option', { value: one, selected: one === spoken() }, one === 'zh' ? '中文' : 'English')));
  const day = h('input', { name: 'day', type: 'date', value: (await store.get('settings', 'day')) || '', onchange: async (event) => {
    await store.put('settings', 'day', event.target.value);
    await startAnew();
    follow();
  } });
  const link = h('p', { id: 'calendar-link' });
  const shown = async () => {
    const kept = await store.get('settings', 'calendar');
    link.replaceChildren(kept ? h('a', { href: kept }, new URL(kept, location.href).href) : t('没有日历链接。', 'There is no calendar link.'));
  };
  const change = (path, keep) => (event) => once(event, async () => {
    const answer = await api.call('POST', path, { requestId: crypto.randomUUID() }, spoken()).catch(failed);
    if (answer) await (keep ? store.put('settings', 'calendar', answer.path) : store.del('settings', 'calendar'));
    await shown();
  });
  await shown();
  const leave = async () => {
    const left = (await queue.waiting()).length + (await uploads.waiting()).length;
    const sure = t(`还有 ${left} 项未发送，退出将丢失。确定？`, `${left} actions were not sent and would be lost. Sign out?`);
    if (left > 0 && !confirm(sure)) return;
    following?.abort();
    await store.forgetEverything();
    location.hash = '#/';
    render();
  };
  return [
    h('h1', {}, t('设置', 'Settings')),
    h('section', { class: 'card' }, form.labelledField(t('语言', 'Language'), language), form.labelledField(t('日期（空为今天）', 'Day (empty is today)'), day)),
    h('section', { class: 'card' }, h('h2', {}, t('日历', 'Calendar')),
      h('p', { class: 'quiet' }, t('在手机日历中订阅此链接。任何人拿到链接都能查看，请勿转发。', 'Subscribe to this link in your calendar. Whoever has it can read it: keep it to yourself.')), link,
      h('button', { id: 'calendar-create', type: 'button', class: 'plain', onclick: change('/v1/technician/calendar-link:create', true) }, t('生成新链接', 'Make a new link')),
      h('button', { id: 'calendar-revoke', type: 'button', class: 'plain', onclick: change('/v1/technician/calendar-link:revoke', false) }, t('收回链接', 'Take the link back'))),
    h('section', { class: 'card' }, h('button', { type: 'button', class: 'plain', onclick: leave }, t('退出并清除本机数据', 'Sign out and clear this phone'))),
  ];
}

// ---- Around it ----

async function status() {
  const left = (await queue.waiting()).length + (await uploads.waiting()).length;
  const isOnline = navigator.onLine && reachable;
  network.className = isOnline ? '' : 'offline';
  network.dataset.waiting = left;
  network.dataset.online = isOnline;
  const queued = left ? ` · ${t(`${left} 项待发送`, `${left} to send`)}` : '';
  network.textContent = (isOnline ? t('在线', 'Online') : t('离线', 'Offline')) + queued;
}

let drawing = 0;

async function render() {
  const mine = ++drawing;
  const [, page, id] = location.hash.split('/');
  const isSignedIn = await store.get('settings', 'credential');
  form.countAnew();
  let made;
  if (!isSignedIn) made = signInPage();
  else if (page === 'visit') made = await visitPage(id);
  else if (page === 'settings') made = await settingsPage();
  else made = await dayPage();
  const fresh = h('main', {}, made.flat());
  // A page that is asked for later is shown, whichever is ready first; one that says the same as before is
  // left alone, so that nothing moves under a finger.
  if (mine === drawing && fresh.innerHTML !== view.innerHTML) view.replaceChildren(...fresh.childNodes);
  status();
}

// Draws the page anew unless somebody is typing on it: what is typed is in the draft, but the focus is not.
function refresh() {
  const busy = document.activeElement?.closest('form')?.id === 'inspection' && view.contains(document.activeElement);
  if (!busy) render();
  else status();
}

queue.onChange((isOwn) => (isOwn ? render() : refresh()));
window.addEventListener('hashchange', () => render().then(() => view.focus()));
window.addEventListener('online', () => {
  reachable = true;
  queue.flush();
  follow();
  status();
});
window.addEventListener('offline', () => status());
document.addEventListener('visibilitychange', () => document.hidden || queue.flush());

// A credential may come with the link that opens the app; it is taken out of the address at once.
async function arrive() {
  const [, credential] = location.hash.match(/^#credential=(.+)$/) || [];
  if (credential) {
    window.history.replaceState(null, '', './');
    await store.put('settings', 'credential', credential);
  }
  const kept = await store.get('settings', 'language');
  speak(kept || (navigator.language.startsWith('zh') ? 'zh' : 'en'));
  await store.put('settings', 'language', spoken());
  await render();
  if ('serviceWorker' in navigator) await navigator.serviceWorker.register('sw.js').catch(() => {});
  document.documentElement.dataset.ready = 'true';
  queue.flush();
  follow();
}

arrive();
