// What every page has: the words of scripts, messages, what counts down. Every page works without any script.
"use strict";
(() => {
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const { words: said, root } = document.body.dataset;
  const words = JSON.parse(said || "{}");
  let skew = 0; // the server's clock minus this one's, in seconds

  document.documentElement.classList.add("js");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${encodeURIComponent(zone)}; path=${root || ""}/; max-age=31536000; samesite=strict`;

  // Send a form; `kind` says what shall be answered: "work", an item's page without what is around it, or "live", JSON.
  const post = (address, fields, kind) => fetch(address, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "x-console": kind },
  });
  const token = () => $("input[name=csrf]")?.value || "";
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

  function toast(message) {
    if (message) $("#toast").replaceChildren(message);
  }

  function say(text) {
    toast(Object.assign(document.createElement("span"), { className: "toast-message", textContent: text }));
  }

  function setClock(fresh) { // by what has just come from the server; what was loaded ahead is older
    skew = Number(fresh.dataset.now) - Date.now() / 1000;
  }

  function tick() { // what counts down, in the server's time
    for (const node of $$("[data-until]")) {
      const left = Math.max(0, Math.round(Number(node.dataset.until) - skew - Date.now() / 1000));
      const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      node.textContent = "long" in node.dataset ? clock : `${left} s`;
      const message = node.closest(".toast-message");
      if (left === 0 && message) ended(message);
    }
  }

  function ended(message) { // an undo window that is over
    for (const node of $$("form, [data-until]", message)) node.remove();
    const after = $("[data-after]", message);
    if (after) after.hidden = false;
  }

  setInterval(tick, 1000);
  addEventListener("pageshow", (event) => event.persisted && window.location.reload());

  window.handrail = { $, $$, words, post, token, parsed, toast, say, setClock, tick };
})();
