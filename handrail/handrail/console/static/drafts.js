// What was typed into an answer and not sent: kept in this tab, so that a reload or Back does not lose it.
"use strict";
(() => {
  const { $, words, work } = window.handrail;
  const MOST_LENGTH = 200_000;
  const SOON_MS = 300;
  const before = new WeakMap(); // by item in sight: what stood in its form when it came
  let key = "";
  let later = 0;

  const boxes = () => [...($("#answer")?.elements ?? [])].filter((box) => box.name && !box.matches("[type=hidden], button"));
  const isChecked = (box) => box.matches("[type=radio], [type=checkbox]");
  const typed = () => JSON.stringify(boxes().map((box) => [box.name, box.value, isChecked(box) ? box.checked : null]));

  const drawn = () => before.get(work());

  function stored(what) { // a tab may have no storage, or no room in it
    try {
      return what(sessionStorage);
    } catch {
      return null;
    }
  }

  function keep() {
    clearTimeout(later);
    if (!key || !work()) return;
    const now = typed();
    if (now === drawn()) stored((storage) => storage.removeItem(key));
    else if (now.length <= MOST_LENGTH) stored((storage) => storage.setItem(key, now));
  }

  function fillIn(text) { // returns whether anything is other than it was
    const known = new Map(boxes().map((box) => [`${box.name} ${isChecked(box) ? box.value : ""}`, box]));
    for (const [name, value, checked] of JSON.parse(text)) {
      const box = known.get(`${name} ${checked === null ? "" : value}`);
      if (box && checked === null) box.value = value;
      else if (box) box.checked = checked;
    }
    return typed() !== drawn();
  }

  function tell() {
    const note = document.createElement("p");
    Object.assign(note, { id: "restored", className: "notice" });
    note.setAttribute("role", "status");
    const drop = Object.assign(document.createElement("button"), { type: "button", textContent: words.discard });
    drop.addEventListener("click", () => {
      fillIn(drawn());
      keep();
      note.remove();
    });
    note.append(`${words.restored} `, drop);
    $("#answer").prepend(note);
  }

  document.addEventListener("item-shown", () => {
    const shown = $("#answer [data-live=shown]");
    key = shown ? `draft ${work().dataset.item} ${shown.value}` : "";
    if (!before.has(work())) before.set(work(), $("#problem") ? "" : typed()); // with a problem comes what was typed
    const text = key && stored((storage) => storage.getItem(key));
    if (text && !$("#problem") && fillIn(text)) tell();
  });

  document.addEventListener("item-sent", ({ detail }) => { // the same item again: it was not taken, and is kept
    if (detail.item !== work()?.dataset.item || !$("#answer")) stored((storage) => storage.removeItem(detail.draft));
  });

  const keepSoon = ({ target }) => {
    if (!target.form || target.form !== $("#answer")) return;
    clearTimeout(later);
    later = setTimeout(keep, SOON_MS);
  };
  addEventListener("input", keepSoon);
  addEventListener("change", keepSoon);
  addEventListener("pagehide", keep);
  addEventListener("submit", ({ target }) => { // whoever signs out leaves nothing behind
    if (target.matches("[data-signout]")) stored((storage) => storage.clear());
  });

  Object.assign(window.handrail, { draft: () => key });
})();
