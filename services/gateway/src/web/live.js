// A page that stays true: parts of it are shown anew as its case moves, never over what somebody types.
(() => {
  const fresh = document.getElementById("fresh");
  if (!fresh || !fresh.dataset.events || !("EventSource" in window)) return;
  const zh = document.documentElement.lang.startsWith("zh");
  const state = fresh.querySelector(".state");
  const heard = document.getElementById("heard");
  const changed = document.getElementById("changed");
  // Longer than a stream needs to be taken up again after it ended by itself.
  const PATIENCE = 8_000;
  const QUIET = 40_000;
  const SAID_FOR = 15_000;
  const openedAt = Date.now();
  let shownAt = Number(fresh.dataset.at);
  let aliveAt = Date.now();
  let cut = 0;
  let ended = false;

  const clock = (at) => {
    const time = new Date(at + 8 * 3_600_000).toISOString().slice(11, 16);
    return zh ? `${time}` : time;
  };

  // What is shown is as old as the page; what is known is as old as the last sign of life.
  function say() {
    if (ended) return;
    const lost = !navigator.onLine || (cut && Date.now() - cut > PATIENCE) || Date.now() - aliveAt > QUIET;
    fresh.dataset.state = lost ? "lost" : "live";
    const minutes = Math.floor((Date.now() - aliveAt) / 60_000);
    const text = lost
      ? zh
        ? `连接已断开，正在重连。显示的是 ${clock(shownAt)} 的情况${minutes ? `（${minutes} 分钟前）` : ""}`
        : `No connection; trying again. This is how it stood at ${clock(shownAt)}${minutes ? ` (${minutes} min ago)` : ""}`
      : zh
        ? `实时更新 · ${clock(shownAt)}`
        : `Live · ${clock(shownAt)}`;
    if (state.textContent !== text) state.textContent = text;
  }

  const isBusy = (part) => {
    if (part.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return true;
    for (const one of part.querySelectorAll("input:not([type=hidden]), textarea, select")) {
      if (one.type === "radio" || one.type === "checkbox") {
        if (one.checked !== one.defaultChecked) return true;
      } else if (one.value !== one.defaultValue && one.tagName !== "SELECT") return true;
    }
    return false;
  };

  // Asks for the page again and takes over the parts that differ.
  let asking = false;
  let again = false;
  async function renew() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.pathname, { credentials: "same-origin", headers: { accept: "text/html" } });
      if (!answer.ok || answer.redirected) {
        changed.hidden = false;
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = Number(page.documentElement.dataset.now);
      let kept = false;
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = page.getElementById(part.id);
        if (!next || next.innerHTML === part.innerHTML) continue;
        if (isBusy(part)) {
          kept = true;
          continue;
        }
        const open = [...part.querySelectorAll("details")].map((one) => one.open);
        const focus = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") || document.activeElement.textContent : null;
        part.replaceChildren(...next.childNodes);
        [...part.querySelectorAll("details")].forEach((one, at) => {
          if (open[at]) one.open = true;
        });
        if (focus) {
          const same = [...part.querySelectorAll("a, button, summary")].find((one) => (one.getAttribute("href") || one.textContent) === focus);
          if (same) same.focus();
        }
      }
      changed.hidden = !kept;
      // What was said about the last step is over once there is another.
      if (!kept && Date.now() - openedAt > SAID_FOR) document.getElementById("done")?.remove();
      document.title = page.title;
      if (!kept) shownAt = now;
      document.dispatchEvent(new Event("parasol:renewed"));
    } catch {
      // The stream comes back, and with it the next try.
    } finally {
      asking = false;
      say();
      if (again) {
        again = false;
        renew();
      }
    }
  }

  let events;
  function listen() {
    events = new EventSource(fresh.dataset.events);
    const alive = () => {
      aliveAt = Date.now();
      cut = 0;
      say();
    };
    events.addEventListener("open", alive);
    events.addEventListener("alive", () => {
      alive();
      shownAt = Date.now() - (window.parasolSkew || 0);
      say();
      if (document.querySelector("[data-under-way]")) renew();
    });
    events.addEventListener("changed", (event) => {
      alive();
      heard.textContent = event.data;
      renew();
    });
    events.addEventListener("resync", () => {
      events.close();
      location.reload();
    });
    events.addEventListener("ended", () => {
      ended = true;
      events.close();
      renew();
      fresh.hidden = true;
    });
    events.addEventListener("error", () => {
      cut = cut || Date.now();
      say();
      // A browser that gave up for good is made to try again.
      if (events.readyState === EventSource.CLOSED && !ended) setTimeout(listen, PATIENCE);
    });
  }

  listen();
  addEventListener("online", () => {
    say();
    renew();
  });
  addEventListener("offline", say);
  setInterval(say, 2_000);
  say();
})();

// A form is sent once, however often it is pressed; one that comes back from the browser's memory may be sent again,
// and is the same intent.
(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("once" in form.dataset) || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }
  });
})();

// A link can be copied with a tap, where the browser lets it.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).href);
    button.textContent = document.documentElement.lang.startsWith("zh") ? "已复制" : "Copied";
  });
}
