// What the device keeps: the day, the queue of actions, photos and which of them are to be sent, drafts. Nothing here goes anywhere by itself.

const NAME = 'parasol-installer';
const STORES = ['settings', 'visits', 'checklists', 'actions', 'photos', 'drafts', 'uploads'];

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open(NAME, 2);
  request.onupgradeneeded = () => {
    const known = request.result.objectStoreNames;
    STORES.filter((name) => !known.contains(name)).forEach((name) => request.result.createObjectStore(name));
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

// Resolves once the transaction is on disk, so that what was answered "kept" survives a flat battery.
async function within(store, mode, work) {
  const db = await opened;
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode, { durability: 'strict' });
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request && request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const get = (store, key) => within(store, 'readonly', (it) => it.get(key));
export const all = (store) => within(store, 'readonly', (it) => it.getAll());
export const put = (store, key, value) => within(store, 'readwrite', (it) => it.put(value, key));
export const del = (store, key) => within(store, 'readwrite', (it) => it.delete(key));

export async function forgetEverything() {
  for (const store of STORES) await within(store, 'readwrite', (it) => it.clear());
}
