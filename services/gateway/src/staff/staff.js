// A page of many cases stays true: it is told when something moves, and asked for again every so often besides. Its
// live parts are taken over, never where somebody types or has a form open.
(() => {
  const fresh = document.querySelector("[data-renew]");
  if (!fresh) return;
  const zh = document.documentElement.lang.startsWith("zh");
  const every = Number(fresh.dataset.renew) * 1000;
  const state = fresh.querySelector(".state");
  const heard = document.getElementById("heard");
  // What follows the log has come to say so by then.
  const SETTLED = 2_000;
  const PATIENCE = 8_000;
  let shownAt = Date.now();
  let lost = false;
  let live = false;

  function say() {
    const minutes = Math.floor((Date.now() - shownAt) / 60_000);
    const at = new Date(shownAt - (window.parasolSkew || 0) + 8 * 3_600_000).toISOString().slice(11, 16);
    fresh.dataset.state = lost ? "lost" : live ? "live" : "kept";
    const old = zh ? `连接已断开，显示的是 ${minutes} 分钟前的情况` : `No connection; this is ${minutes} min old`;
    const now = live ? (zh ? `实时更新 · ${at}` : `Live · ${at}`) : zh ? `自动更新 · ${at}` : `Renews itself · ${at}`;
    const text = lost ? old : now;
    if (state.textContent !== text) state.textContent = text;
  }

  const isBusy = (part) => part.contains(document.activeElement) || part.querySelector("details[open] form") !== null;

  let asking = false;
  let again = false;
  async function renew() {
    if (document.hidden) return;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      lost = !answer.ok || answer.redirected;
      if (!lost) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
          const next = page.getElementById(part.id);
          if (next && next.innerHTML !== part.innerHTML && !isBusy(part)) part.replaceChildren(...next.childNodes);
        }
        shownAt = Date.now();
        document.dispatchEvent(new Event("parasol:renewed"));
      }
    } catch {
      lost = true;
    } finally {
      asking = false;
    }
    say();
    if (again) {
      again = false;
      renew();
    }
  }

  let later = 0;
  const settle = () => {
    clearTimeout(later);
    later = setTimeout(renew, SETTLED);
  };

  function listen() {
    const events = new EventSource(fresh.dataset.events);
    const alive = () => {
      live = true;
      say();
    };
    events.addEventListener("open", () => {
      alive();
      // Between the page and its stream something may have moved.
      settle();
    });
    events.addEventListener("alive", alive);
    events.addEventListener("changed", (event) => {
      alive();
      if (event.data !== "-") heard.textContent = event.data;
      renew();
      settle();
    });
    events.addEventListener("resync", () => {
      events.close();
      location.reload();
    });
    events.addEventListener("ended", () => {
      events.close();
      live = false;
      renew();
    });
    events.addEventListener("error", () => {
      if (events.readyState !== EventSource.CLOSED) return;
      live = false;
      say();
      setTimeout(listen, PATIENCE);
    });
  }

  if (fresh.dataset.events && "EventSource" in window) listen();
  setInterval(renew, every);
  addEventListener("online", renew);
  document.addEventListener("visibilitychange", renew);
})();
