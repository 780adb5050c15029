// The answer: labels that are found by typing, fields that are confirmed one by one, words that are picked in the source.
"use strict";
(() => {
  const { $, $$, words, work, isSoon } = window.handrail;
  let field = null; // the field that was focused last
  let checked = "";

  // -- labels

  function choose(radio) {
    if (isSoon()) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    if (work().dataset.digits === "save") $("#accept").click();
  }

  addEventListener("change", ({ target }) => {
    const label = target.matches("[name=choice]") && $(".name", target.closest("label"))?.textContent;
    if (label) $("#accept-words").textContent = words.accept.replace("{label}", label);
  });

  function matches() {
    const sought = $("#find").value.trim().toLowerCase();
    const all = $$(".labels .label");
    for (const label of all) label.hidden = !$(".name", label).textContent.toLowerCase().includes(sought);
    return sought ? all.filter((label) => !label.hidden) : [];
  }

  function inSearch(name) {
    const [first] = matches();
    if (name === "ArrowDown" && first) $("input", first).focus();
    else if (name === "Enter" && first) choose($("input", first));
    return ["ArrowDown", "Enter"].includes(name);
  }

  // -- fields

  const answer = () => $$("#fields :is(input, textarea, select)").map((box) => [box.name, box.value, box.checked].join()).join();
  const doubtful = () => $$(`#fields .field${$("#fields [data-state]") ? "[data-state=check]" : ""}:not(.confirmed)`);
  const boxOf = (node) => node && $("input:not([type=hidden]), textarea, select", node);

  function inField(event, name) { // keys that mean something within a box; returns whether this was one
    const { target } = event;
    if (target.id === "find") return inSearch(name);
    const here = target.closest("#fields .field");
    if (!here || target.matches("textarea, button, summary, a")) return false;
    if (name === "Enter") confirm();
    const others = $$(".alternative", here);
    const steps = { ArrowDown: 1, ArrowUp: -1 }[name];
    if (!steps || !others.length || target.matches("select, [type=radio]")) return name === "Enter";
    here.dataset.own ??= target.value;
    const values = [here.dataset.own, ...others.map((each) => each.dataset.value)];
    fill(target, values.at((values.indexOf(target.value) + steps + values.length) % values.length));
    return true;
  }

  function confirm() {
    field?.classList.add("confirmed");
    const [next] = doubtful();
    const box = boxOf(next);
    if (!box) return $("#save").click();
    box.focus();
    box.select?.();
  }

  function absent() {
    const box = boxOf(field);
    if (!box) return;
    const none = $("[data-none]", field);
    if (none) none.click();
    else fill(box, "");
    confirm();
  }

  function fill(box, value) {
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function fillOther(box, value) { // of choices in sight, the one with this token
    if (box.matches("fieldset")) document.getElementById(`${box.id}-${value}`)?.click();
    else fill(box, value);
  }

  function light(here) {
    for (const mark of $$("mark.lit, .paper .lit, .paper .also")) mark.classList.remove("lit", "also");
    const boxes = here ? $$(".paper rect").filter((box) => box.dataset.fields === here.dataset.path) : [];
    for (const box of boxes) box.classList.add(box.dataset.rank === "0" ? "lit" : "also");
    boxes.find((box) => box.dataset.rank === "0")?.scrollIntoView({ block: "center", inline: "center" });
    const found = here ? $$("mark").filter((mark) => mark.dataset.fields.split("\n").includes(here.dataset.path)) : [];
    for (const mark of found) mark.classList.add("lit");
    found[0]?.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("item-shown", () => {
    if (!field?.isConnected) field = null;
    checked = answer();
    light(field);
  });

  addEventListener("focusin", ({ target }) => {
    const here = target.closest?.("#fields .field");
    if (!here || here === field) return;
    field = here;
    light(here);
  });

  addEventListener("focusout", ({ target }) => {
    if (!target.closest?.("#fields") || answer() === checked) return;
    checked = answer();
    window.htmx?.trigger("#fields", "check");
  });

  addEventListener("htmx:after:swap", () => { // what the server read comes back as it reads it: 207,50 is 207.50
    for (const node of $$("#checked data")) {
      const box = document.getElementById(`f-${node.dataset.for}`);
      if (box && box !== document.activeElement && box.value === node.dataset.typed) box.value = node.value;
    }
    const involved = new Set($$("#checked .verdict").map((node) => node.dataset.field));
    for (const each of $$("#fields .field")) each.classList.toggle("involved", involved.has(each.dataset.path));
  });

  // -- words of the source

  function pick(event) { // a word of the source fills the field, and where it stands goes with the answer
    const text = event.target.closest?.(".source .text");
    const box = boxOf(field);
    const chosen = getSelection();
    const word = String(chosen).trim();
    if (!text || !box || !word || box.matches("select, [type=radio], [type=checkbox]")) return;
    const start = placeOf(chosen.getRangeAt(0), String(chosen));
    fill(box, word);
    if (start !== null) keepSpan(field, start, word.length);
    box.focus();
  }

  function placeOf(range, chosen) { // where the first letter of a selection stands in the whole text
    const line = (range.startContainer.parentElement || range.startContainer).closest(".line");
    if (!line) return null;
    const before = document.createRange();
    before.setStart(line, 0);
    before.setEnd(range.startContainer, range.startOffset);
    return Number(line.dataset.start) + String(before).length + chosen.length - chosen.trimStart().length;
  }

  function keepSpan(here, start, length) {
    dropSpan(here);
    const value = JSON.stringify([here.dataset.path, start, start + length]);
    here.append(Object.assign(document.createElement("input"), { type: "hidden", name: "span", value }));
  }

  const dropSpan = (here) => $("input[name=span]", here)?.remove();

  addEventListener("input", ({ target }) => {
    if (target.id === "find") $("#found").textContent = words.found.replace("{count}", matches().length);
    const here = target.closest("#fields .field");
    if (here) dropSpan(here); // it holds something else now
  });

  addEventListener("dblclick", pick);
  addEventListener("click", (event) => {
    const { target } = event;
    if (event.altKey && target.closest?.(".source .text")) {
      getSelection().modify("move", "backward", "word");
      getSelection().modify("extend", "forward", "word");
      return pick(event);
    }
    const other = target.closest?.(".alternative");
    if (other) fillOther(document.getElementById(`f-${other.dataset.for}`), other.dataset.value);
    if (target.closest?.("#confirm")) confirm();
    if (target.closest?.("#absent")) absent();
  });

  Object.assign(window.handrail, { choose, inField });
})();
