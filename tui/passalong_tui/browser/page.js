// The token is in a cookie by now: it need not stay in the address bar, nor in the history.
history.replaceState(null, "", location.pathname);

const PATIENCE_MS = 20000;

// A terminal takes what is copied as a sequence (OSC 52), which the one in this page does not know.
const COPIED = /\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/;

function hear(event) {
  const found = typeof event.data === "string" ? null : COPIED.exec(new TextDecoder().decode(event.data));
  if (found) {
    const bytes = Uint8Array.from(atob(found[1]), (character) => character.charCodeAt(0));
    navigator.clipboard?.writeText(new TextDecoder().decode(bytes));
  }
}

window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.binaryType = "arraybuffer";
    this.addEventListener("message", hear);
  }
};

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
