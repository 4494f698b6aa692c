// Photos: made small here, kept in this browser until they are in, and sent one by one with a bar that moves.
(() => {
  const SIDE_MAX = 1600;
  const QUALITY = 0.82;
  const SHRINK_FROM = 400_000;
  const COUNT_MAX = 8;
  const zh = document.documentElement.lang.startsWith("zh");
  if (!("indexedDB" in window)) return;

  const opened = new Promise((done, failed) => {
    const asked = indexedDB.open("parasol", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("photos", { autoIncrement: true });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const store = async (mode, what) => {
    const photos = (await opened).transaction("photos", mode).objectStore("photos");
    return new Promise((done, failed) => {
      const asked = what(photos);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  };
  const all = async () => {
    const keys = await store("readonly", (photos) => photos.getAllKeys());
    const blobs = await store("readonly", (photos) => photos.getAll());
    return keys.map((key, at) => ({ key, blob: blobs[at] }));
  };
  const keep = (blob) => store("readwrite", (photos) => photos.add(blob));
  const drop = (key) => store("readwrite", (photos) => photos.delete(key));
  const clear = () => store("readwrite", (photos) => photos.clear());

  // A photo no larger than it has to be; what cannot be read here is sent as it is.
  async function small(file) {
    if (file.size < SHRINK_FROM || !("createImageBitmap" in window)) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
      return made && made.size < file.size ? made : file;
    } catch {
      return file;
    }
  }

  // While filing: photos wait for their case.
  async function filing() {
    const photos = await all().catch(() => null);
    if (!photos) return;
    const count = photos.length;
    const later = document.getElementById("later-photos");
    if (later && count > 0) {
      later.hidden = false;
      later.textContent = zh ? `报修成功后将发送 ${count} 张照片。` : `${count} photo${count === 1 ? "" : "s"} will be sent once your report is in.`;
    }
    const group = document.getElementById("photos");
    const pick = document.getElementById("photo-pick");
    if (!group || !pick) return;
    group.hidden = false;
    const list = document.getElementById("photo-list");
    const said = document.getElementById("photo-said");
    const show = async () => {
      list.replaceChildren();
      for (const { key, blob } of await all()) {
        const item = document.createElement("li");
        const image = document.createElement("img");
        image.src = URL.createObjectURL(blob);
        image.width = image.height = 96;
        image.alt = zh ? "待上传的照片" : "A photo to be sent";
        const away = document.createElement("button");
        away.type = "button";
        away.className = "plain";
        away.textContent = zh ? "移除" : "Remove";
        away.addEventListener("click", async () => {
          await drop(key);
          await show();
          pick.focus();
        });
        item.append(image, away);
        list.append(item);
      }
    };
    pick.addEventListener("change", async () => {
      let room = COUNT_MAX - (await all()).length;
      for (const file of pick.files) {
        if (room <= 0) break;
        await keep(await small(file));
        room -= 1;
      }
      const left = (await all()).length;
      said.textContent = zh ? `已保存 ${left} 张照片（最多 ${COUNT_MAX} 张）` : `${left} of at most ${COUNT_MAX} photos are ready`;
      pick.value = "";
      await show();
    });
    await show();
  }

  // Once there is a case: sent one by one.
  async function sending() {
    const form = document.querySelector("form[data-photos]");
    if (!form) return;
    const progress = document.getElementById("progress");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.hidden = true;
    bar.setAttribute("aria-label", zh ? "上传进度" : "Upload");
    progress.before(bar);
    const token = form.elements.form_token.value;

    const one = (blob, shows, share) =>
      new Promise((done, failed) => {
        const body = new FormData();
        body.append("form_token", token);
        body.append(`photo_${shows}`, blob, "photo");
        const call = new XMLHttpRequest();
        call.open("POST", form.getAttribute("action"));
        call.upload.addEventListener("progress", (event) => {
          if (event.lengthComputable) bar.value = share.from + (share.part * event.loaded) / event.total;
        });
        call.addEventListener("load", () => (call.status === 200 && call.responseURL.includes("done=photos") ? done() : failed(call)));
        call.addEventListener("error", () => failed(call));
        call.send(body);
      });

    async function send(items) {
      if (items.length === 0) return;
      form.setAttribute("aria-busy", "true");
      bar.hidden = false;
      let failed = 0;
      for (const [at, item] of items.entries()) {
        progress.textContent = zh ? `正在上传 ${at + 1} / ${items.length}` : `Sending ${at + 1} of ${items.length}`;
        try {
          await one(item.blob, item.shows, { from: at / items.length, part: 1 / items.length });
          if (item.key !== undefined) await drop(item.key);
          if (item.input) item.input.value = "";
        } catch (call) {
          failed += 1;
          // What is refused for good is not tried for ever.
          if (item.key !== undefined && call.status >= 400 && call.status < 500) await drop(item.key);
        }
      }
      form.removeAttribute("aria-busy");
      bar.value = 1;
      if (failed === 0) {
        const to = form.getAttribute("action").replace(/\/photos$/, "");
        location.assign(`${to}?done=photos`);
        return;
      }
      progress.textContent = zh ? `${failed} 张照片没有上传成功，请再试一次。` : `${failed} of the photos did not get through. Please try again.`;
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.getAttribute("aria-busy")) return;
      const items = [];
      for (const input of form.querySelectorAll("input[type=file]")) {
        const shows = input.name.replace("photo_", "");
        for (const file of input.files) items.push({ blob: shows === "video" ? file : await small(file), shows });
      }
      const waiting = (await all().catch(() => [])).map(({ key, blob }) => ({ key, blob, shows: "fault" }));
      await send([...waiting, ...items]);
    });
    const waiting = (await all().catch(() => [])).map(({ key, blob }) => ({ key, blob, shows: "fault" }));
    if (waiting.length > 0) await send(waiting);
  }

  // Just filed, with photos that wait: on to where they are sent.
  async function filed() {
    if (!document.querySelector("[data-filed]")) return;
    const photos = await all().catch(() => []);
    if (photos.length > 0) location.replace(`${location.pathname}/photos`);
  }

  document.addEventListener("parasol:discarded", () => clear().catch(() => {}));
  document.querySelector("form.out")?.addEventListener("submit", () => clear().catch(() => {}));
  document.addEventListener("parasol:renewed", () => {
    if (document.getElementById("file")) filing();
  });
  filing();
  sending();
  filed();
})();
