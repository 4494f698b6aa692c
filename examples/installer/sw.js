// Keeps the app itself on the device, so that it opens without a network. What the house says is never kept
// here: calls of the API pass by, and the app keeps its own copy of the day.

const VERSION = '__VERSION__';
const FILES = ['./', 'app.css', 'app.js', 'api.js', 'form.js', 'queue.js', 'store.js', 'uploads.js', 'words.js', 'icon.svg', 'manifest.webmanifest'];

self.addEventListener('install', (event) => {
  const kept = caches.open(VERSION).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' }))));
  event.waitUntil(kept.then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const own = url.origin === location.origin && url.pathname.startsWith(new URL('./', location).pathname);
  if (event.request.method !== 'GET' || !own) return;
  const page = event.request.mode === 'navigate' ? './' : event.request;
  event.respondWith(caches.open(VERSION).then(async (cache) => (await cache.match(page, { ignoreSearch: true })) || fetch(event.request)));
});
