// A page of many cases stays true: every so often it is asked for again, and its live parts are taken over, never
// where somebody types or has a form open.
(() => {
  const fresh = document.querySelector("[data-renew]");
  if (!fresh) return;
  const zh = document.documentElement.lang.startsWith("zh");
  const every = Number(fresh.dataset.renew) * 1000;
  const words = fresh.textContent;
  let shownAt = Date.now();
  let lost = false;

  function say() {
    const minutes = Math.floor((Date.now() - shownAt) / 60_000);
    fresh.dataset.state = lost ? "lost" : "live";
    const old = zh ? `连接已断开，显示的是 ${minutes} 分钟前的情况` : `No connection; this is ${minutes} min old`;
    const text = lost ? old : words;
    if (fresh.textContent !== text) fresh.textContent = text;
  }

  const isBusy = (part) => part.contains(document.activeElement) || part.querySelector("details[open] form") !== null;

  async function renew() {
    if (document.hidden) return;
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
      }
    } catch {
      lost = true;
    }
    say();
  }

  setInterval(renew, every);
  addEventListener("online", renew);
  document.addEventListener("visibilitychange", renew);
})();
