// Something changed: said, and never shown over what somebody types.
(() => {
  const live = document.getElementById("live");
  if (!live || !("EventSource" in window)) return;
  const events = new EventSource(live.dataset.events);
  events.addEventListener("changed", () => {
    events.close();
    live.hidden = false;
  });
})();
