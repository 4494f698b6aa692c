// Forms: small helpers for elements, the questions of a checklist, photos, the pad for a signature. What is
// typed is kept as it is typed, so that nothing is lost when the app is closed.

import * as store from './store.js';
import { both, lists, t } from './words.js';

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

let labelled = 0;

// Fields of a page are numbered from one, so that the same page has the same names again.
export const countAnew = () => {
  labelled = 0;
};

export function labelledField(text, control) {
  control.id ||= `field-${++labelled}`;
  return h('div', {}, h('label', { for: control.id }, text), control);
}

export function select(name, options, required = true) {
  const empty = h('option', { value: '' }, required ? t('请选择', 'Choose') : '—');
  return h('select', { name, required }, empty, options.map(([value, zh, en]) => h('option', { value }, t(zh, en))));
}

export const listed = (name, text) => labelledField(text, select(name, lists[name]));

// One question of a checklist. Controls are named `q.` and the field.
export function question(field) {
  const name = `q.${field.field}`;
  const label = both(field) + (field.required ? '' : ` (${t('选填', 'optional')})`);
  if (field.number) {
    const { from, to } = field.number.possible;
    const unit = field.number.unit ? ` ${field.number.unit}` : '';
    const normal = field.number.normal;
    const hint = normal ? h('p', { class: 'quiet' }, `${t('正常', 'Normal')}: ${normal.from || 0} – ${normal.to || 0}${unit}`) : null;
    const input = h('input', { name, type: 'number', step: 'any', inputmode: 'decimal', min: from || 0, max: to || 0, required: field.required });
    return h('div', {}, labelledField(label + unit, input), hint);
  }
  if (field.choice) {
    const options = field.choice.options.map((one) => [one.option, one.labelZh, one.labelEn]);
    return labelledField(label, select(name, options, field.required));
  }
  if (field.yesNo) return labelledField(label, select(name, [['true', '是', 'Yes'], ['false', '否', 'No']], field.required));
  return labelledField(label, h('textarea', { name, maxlength: field.text?.charactersMax, required: field.required }));
}

// The answers of a form to a checklist, as `FilledChecklist` has them.
export function answers(form, checklist) {
  const given = [];
  for (const field of checklist.fields || []) {
    const text = form.elements[`q.${field.field}`].value;
    if (text === '') continue;
    const answer = { field: field.field };
    if (field.number) answer.number = Number(text);
    else if (field.choice) answer.option = text;
    else if (field.yesNo) answer.yesNo = text === 'true';
    else answer.text = text;
    given.push(answer);
  }
  return given;
}

export async function fingerprint(blob) {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function keep(blob) {
  const sha256 = await fingerprint(blob);
  await store.put('photos', sha256, { sha256, blob, takenAt: new Date().toISOString() });
  return sha256;
}

// A field for photos, from the camera or from files. `taken` is the list of fingerprints it fills.
export function photos(name, text, taken, changed) {
  const shown = h('div', { class: 'photos' });
  const show = async () => {
    shown.replaceChildren();
    for (const sha256 of taken) {
      const photo = await store.get('photos', sha256);
      if (photo) shown.append(h('img', { src: URL.createObjectURL(photo.blob), alt: text }));
    }
  };
  const take = async (event) => {
    for (const file of event.target.files) {
      const sha256 = await keep(file);
      if (!taken.includes(sha256)) taken.push(sha256);
    }
    event.target.value = '';
    await show();
    changed();
  };
  show();
  const input = h('input', { name, type: 'file', accept: 'image/jpeg,image/png,image/webp', capture: 'environment', multiple: true, onchange: take });
  return h('div', {}, labelledField(text, input), shown);
}

// A pad to sign on. `signed` gets the fingerprint of the picture, or an empty text.
export function pad(text, signed) {
  const canvas = h('canvas', { class: 'pad', width: 600, height: 240, role: 'img', 'aria-label': text });
  const pen = canvas.getContext('2d');
  let drawing = false;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener('pointerdown', (event) => {
    drawing = true;
    pen.lineWidth = 4;
    pen.lineCap = 'round';
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!drawing) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  const end = async () => {
    if (!drawing) return;
    drawing = false;
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
    signed(await keep(blob));
    canvas.dataset.signed = 'true';
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointerleave', end);
  const again = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    delete canvas.dataset.signed;
    signed('');
  };
  return h('div', {}, h('p', {}, text), canvas, h('button', { type: 'button', class: 'plain', onclick: again }, t('重签', 'Sign again')));
}

// Where the device is; nothing when it cannot tell, nobody allows it, or it takes too long.
export function position() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    const found = ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude });
    navigator.geolocation.getCurrentPosition(found, () => resolve(null), { timeout: 5000, maximumAge: 60000, enableHighAccuracy: true });
  });
}

// The serial number on a photo of its bar code, where the browser can read one.
export async function scan(file) {
  if (!('BarcodeDetector' in window)) return '';
  const found = await new window.BarcodeDetector().detect(await createImageBitmap(file)).catch(() => []);
  return found[0]?.rawValue || '';
}

// Puts back what was typed before, and keeps what is typed from now on.
export async function draft(form, key) {
  const kept = (await store.get('drafts', key)) || { values: {}, photos: {}, signature: '' };
  for (const [name, value] of Object.entries(kept.values)) if (form.elements[name]) form.elements[name].value = value;
  const save = () => {
    const controls = [...form.elements].filter((one) => one.name && one.type !== 'file');
    kept.values = Object.fromEntries(controls.map((one) => [one.name, one.value]));
    return store.put('drafts', key, kept);
  };
  form.addEventListener('input', save);
  return { kept, save };
}
