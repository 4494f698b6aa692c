// A report that is being written is kept in this browser until it is filed, discarded or a week old.
(() => {
  const KEY = "parasol.draft";
  const WEEK = 7 * 24 * 3_600_000;
  const kept = () => {
    try {
      const draft = JSON.parse(localStorage.getItem(KEY) || "null");
      return draft && Date.now() - draft.at < WEEK ? draft : null;
    } catch {
      return null;
    }
  };
  const forget = () => {
    try {
      localStorage.removeItem(KEY);
    } catch {
      // A browser that keeps nothing has nothing to forget.
    }
  };

  // Filed: the draft is over. Signing out takes it along.
  if (document.querySelector("[data-filed]")) forget();
  document.querySelector("form.out")?.addEventListener("submit", forget);

  function start() {
    const form = document.getElementById("file");
    if (!form) return;
    const banner = document.getElementById("draft");
    const offline = document.getElementById("offline");
    const who = form.dataset.who;
    let draft = kept();
    if (draft && draft.who !== who) {
      forget();
      draft = null;
    }

    const fields = () => [...new FormData(form)].filter(([name]) => name !== "form_token" && name !== "go");
    const SAID = new Set(["line", "serial", "symptom", "description", "danger", "damaged", "intact", "window", "name", "phone", "wish"]);
    const save = () => {
      const all = fields();
      if (!all.some(([name, value]) => SAID.has(name) && value)) return;
      try {
        localStorage.setItem(KEY, JSON.stringify({ who, at: Date.now(), fields: all }));
        banner.hidden = true;
      } catch {
        // Without a store the form itself is all there is.
      }
    };

    const id = form.elements.request_id.value;
    const same = draft && draft.fields.some(([name, value]) => name === "request_id" && value === id);
    const begun = fields().some(([name, value]) => SAID.has(name) && value);
    if (draft && !same && !begun) banner.hidden = false;
    if (same || begun) save();
    form.addEventListener("input", save);
    form.addEventListener("change", save);

    banner.querySelector("[data-resume]").addEventListener("click", () => {
      const again = kept();
      if (!again) return;
      const body = new URLSearchParams(again.fields);
      body.set("form_token", form.elements.form_token.value);
      body.set("go", "resume");
      send(body);
    });
    banner.querySelector("[data-discard]").addEventListener("click", () => {
      forget();
      document.dispatchEvent(new Event("parasol:discarded"));
      banner.hidden = true;
      form.querySelector("input:not([type=hidden])")?.focus();
    });

    let sending = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (sending) return;
      save();
      const body = new URLSearchParams(new FormData(form));
      body.set("go", event.submitter?.value || "next");
      send(body);
    });

    // Sent in the background, so that a network that is gone leaves everything where it is. The id in the form makes
    // a second try the same intent, also when the first one came through and only its answer was lost.
    async function send(body) {
      sending = true;
      form.setAttribute("aria-busy", "true");
      offline.hidden = true;
      try {
        const answer = await fetch(form.getAttribute("action"), { method: "POST", body, credentials: "same-origin" });
        if (answer.redirected) {
          location.assign(answer.url);
          return;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const main = page.getElementById("main");
        if (!main) throw new Error("no page");
        document.getElementById("main").replaceChildren(...main.childNodes);
        document.title = page.title;
        scrollTo(0, 0);
        start();
        document.dispatchEvent(new Event("parasol:renewed"));
        const wrong = document.querySelector("[role=alert]:not([hidden]), [aria-invalid]");
        const first = wrong || document.querySelector("#main h1");
        first.tabIndex = -1;
        first.focus();
      } catch {
        offline.hidden = false;
        form.removeAttribute("aria-busy");
      } finally {
        sending = false;
      }
    }
  }

  start();
})();
