// What a page gains from a script; without it everything works as well.
"use strict";
(() => {
  const root = document.documentElement;
  const zh = root.lang.startsWith("zh");
  // The page's clock is the platform's, not the telephone's.
  const skew = Date.now() - Number(root.dataset.now);
  window.parasolSkew = skew;
  const MINUTE = 60_000;
  const SAID_AT = [60, 30, 10, 5, 1, 0];

  function length(minutes) {
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor(minutes / 60) % 24;
    const rest = minutes % 60;
    if (days > 0) return zh ? `${days} 天 ${hours} 小时` : `${days} d ${hours} h`;
    if (hours > 0) return zh ? `${hours} 小时 ${rest} 分钟` : `${hours} h ${rest} min`;
    return zh ? `${rest} 分钟` : `${rest} min`;
  }

  function words(left) {
    const text = length(Math.floor(Math.abs(left) / MINUTE));
    if (left > 0) return zh ? `剩 ${text}` : `${text} left`;
    return zh ? `超时 ${text}` : `${text} late`;
  }

  // Deadlines count on; what is heard is only every so often.
  function count() {
    const now = Date.now() - skew;
    for (const time of document.querySelectorAll("time[data-due]")) {
      const left = Number(time.dataset.due) - now;
      const text = words(left);
      if (time.textContent !== text) time.textContent = text;
      time.className = left <= 0 ? "due late" : left <= 60 * MINUTE ? "due soon" : "due";
    }
    const first = document.querySelector(".standing time[data-due]");
    const said = document.getElementById("said");
    if (!first || !said) return;
    const minutes = Math.ceil((Number(first.dataset.due) - now) / MINUTE);
    if (SAID_AT.includes(minutes) && said.dataset.minutes !== String(minutes)) {
      said.dataset.minutes = String(minutes);
      said.textContent = first.textContent;
    }
  }

  // What has passed since a moment counts on as well.
  function pass() {
    const now = Date.now() - skew;
    for (const time of document.querySelectorAll("time[data-ago], time[data-lasting]")) {
      const ago = "ago" in time.dataset;
      const minutes = Math.floor((now - Number(time.dataset.ago ?? time.dataset.lasting)) / MINUTE);
      const text =
        minutes > 0
          ? length(minutes) + (ago ? (zh ? "前" : " ago") : "")
          : ago
            ? zh ? "刚刚" : "just now"
            : zh ? "不到 1 分钟" : "less than a minute";
      if (time.textContent !== text) time.textContent = text;
    }
    count();
  }

  pass();
  setInterval(pass, 10_000);
  document.addEventListener("parasol:renewed", pass);
})();

// A credential may come with the address, behind its `#`, which no server is told. It is put into the form and taken
// out of the address; to sign in is still for whoever looks to decide.
(() => {
  const door = document.getElementById("door");
  const given = location.hash.slice(1);
  if (!door || given.split(".").length !== 3) return;
  history.replaceState(null, "", location.pathname + location.search);
  door.elements.credential.value = given;
  door.querySelector("button").focus();
})();
