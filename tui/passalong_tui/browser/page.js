// The token is in a cookie by now: it need not stay in the address bar, nor in the history.
history.replaceState(null, "", location.pathname);

const PATIENCE_MS = 20000;

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("terminal").dataset.sessionWebsocketUrl = `ws://${location.host}/ws`;
  document.getElementById("again").addEventListener("click", () => location.reload());
  // The terminal marks the page with its first byte and with its last: keys go to whatever can be answered then.
  new MutationObserver(() => {
    const ended = document.body.classList.contains("-closed");
    document.querySelector(ended ? "#again" : ".xterm-helper-textarea")?.focus();
  }).observe(document.body, { attributeFilter: ["class"] });
  setTimeout(() => {
    document.getElementById("starting").textContent =
      "The console has not started. The terminal that printed this address says why.";
  }, PATIENCE_MS);
});
