// Keys, loading ahead, and signs of life. Every page works without this file; it only saves hands and time.
"use strict";
(() => {
  const DWELL_MS = 250; // an item must have been in sight this long before a key decides it
  const BEAT_MS = 60_000;
  const STRIP_MS = 30_000;
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const body = document.body;
  const words = JSON.parse(body.dataset.words || "{}");
  const ahead = new Map(); // by address: the HTML of items that come next
  let shownAt = performance.now();
  let beatAt = shownAt;
  let going = null; // the request that is on its way
  let skew = 0; // the server's clock minus this one's, in seconds
  let field = null; // the field that was focused last
  let checked = "";

  document.documentElement.classList.add("js");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${encodeURIComponent(zone)}; path=${body.dataset.root || ""}/; max-age=31536000; samesite=strict`;

  const work = () => $("#work");
  const isMine = () => work()?.dataset.standing === "mine";
  const isSoon = () => performance.now() - shownAt < DWELL_MS;
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true });
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const isTyping = (node) => node.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=submit])");
  const post = (address, fields, kind) => fetch(address, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "x-console": kind },
  });
  const token = () => $("input[name=csrf]")?.value || "";

  // -- showing an item

  function show(node) {
    work().replaceWith(node);
    shownAt = beatAt = performance.now();
    window.htmx?.process(node);
    settle();
    window.scrollTo(0, 0);
  }

  function settle() { // whatever has to be done once an item is in sight
    const here = work();
    if (!here) return;
    document.title = `${$("#heading", here).textContent} · Handrail`;
    toast($(".toast-message", here));
    checked = answer();
    focusFirst(here);
    light(field);
    tick();
    loadAhead(here);
  }

  function focusFirst(here) {
    const doubtful = $(".field[data-state=check] :is(input, textarea, select), [aria-invalid=true]", here);
    const target = $("#problem", here) || (here.dataset.kind === "extraction" && doubtful) || $("#heading", here);
    target.focus({ preventScroll: true });
    if (target.select && target !== $("#problem", here)) target.select();
  }

  function adopt(fresh) { // the item in sight was loaded ahead: only what taking it changed is new
    const here = work();
    for (const node of $$("[data-live]", fresh)) {
      const mine = $(`[data-live=${node.dataset.live}]`, here);
      if (node.matches("input")) mine.value = node.value;
      else mine?.replaceWith(node);
    }
    Object.assign(here.dataset, { standing: fresh.dataset.standing, ahead: fresh.dataset.ahead, now: fresh.dataset.now });
    const next = $(".ahead", fresh);
    if (next) $(".ahead", here)?.replaceWith(next);
    toast($(".toast-message", fresh));
    tick();
    loadAhead(here);
  }

  async function loadAhead(here) {
    const wanted = (here.dataset.ahead || "").split(" ").filter(Boolean);
    for (const address of ahead.keys()) if (!wanted.includes(address)) ahead.delete(address);
    for (const address of wanted) {
      if (ahead.has(address)) continue;
      const got = await fetch(address).catch(() => null);
      if (got?.ok) ahead.set(address, await got.text());
    }
  }

  function loaded() { // the next item, if it is there already
    const address = (work().dataset.ahead || "").split(" ").find((each) => ahead.has(each));
    const html = address && ahead.get(address);
    ahead.delete(address);
    return html ? parsed(html).getElementById("work") : null;
  }

  // -- sending

  async function send(form, button) {
    if (going) await going;
    const decides = button?.matches("[data-decides]");
    if (!form.isConnected || (decides && isSoon())) return;
    const address = button?.getAttribute("formaction") || form.getAttribute("action");
    const fields = new FormData(form, button);
    const before = work();
    form.closest(".toast-message")?.remove();
    const quick = decides ? loaded() : null;
    if (quick) show(document.adoptNode(quick));
    let done;
    going = new Promise((resolve) => { done = resolve; });
    try {
      const got = await post(address, fields, "work");
      const location = got.headers.get("x-location");
      if (got.status === 204 && location) {
        window.location = location;
        return;
      }
      const page = parsed(await got.text());
      const fresh = page.getElementById("work");
      if (!fresh) throw new Error($("main", page)?.innerText || got.statusText);
      setClock(fresh);
      if (quick && fresh.dataset.item === quick.dataset.item && shownOf(fresh) === shownOf(quick)) adopt(fresh);
      else show(document.adoptNode(fresh));
      if (location) history.replaceState(null, "", location);
      refreshStrip();
    } catch (error) {
      if (quick) show(before); // with all that was typed
      say(error instanceof TypeError ? words.unreachable : error.message);
    } finally {
      going = null;
      done();
    }
  }

  function setClock(fresh) { // by what has just come from the server; what was loaded ahead is older
    skew = Number(fresh.dataset.now) - Date.now() / 1000;
  }

  const shownOf = (node) => $("[data-live=shown]", node)?.value;
  addEventListener("submit", (event) => {
    if (!event.target.matches("[data-work]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  // -- signs of life

  async function takeIt() {
    const here = work();
    if (document.hidden || here?.dataset.standing !== "free") return;
    const got = await post(here.dataset.take, { csrf: token() }, "live").catch(() => null);
    if (!got?.ok) return;
    const taken = await got.json();
    if (here !== work()) return;
    if (taken.shown !== shownOf(here)) return window.location.reload();
    $("[data-live=version]", here).value = taken.version;
    here.dataset.standing = "mine";
    lease(taken.until);
  }

  function lease(until) {
    const chip = $("[data-live=lease]");
    chip.textContent = `${words.mine} `;
    chip.append(Object.assign(document.createElement("span"), {}));
    Object.assign(chip.lastChild.dataset, { until, long: "" });
    tick();
  }

  async function beat() {
    if (document.hidden || !isMine()) return;
    const worked = (performance.now() - beatAt) / 1000;
    beatAt = performance.now();
    const got = await post(work().dataset.extend, { csrf: token(), worked }, "live").catch(() => null);
    if (got?.ok) lease((await got.json()).until);
    else if (got?.status === 409) say(words.lost);
  }

  function tick() { // what counts down, in the server's time
    for (const node of $$("[data-until]")) {
      const left = Math.max(0, Math.round(Number(node.dataset.until) - skew - Date.now() / 1000));
      const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      node.textContent = "long" in node.dataset ? clock : `${left} s`;
      if (left === 0 && node.closest(".toast-message")) ended(node.closest(".toast-message"));
    }
  }

  function ended(message) { // an undo window that is over
    for (const node of $$("form, [data-until]", message)) node.remove();
    const after = $("[data-after]", message);
    if (after) after.hidden = false;
  }

  function toast(message) {
    if (message) $("#toast").replaceChildren(message);
  }

  function say(text) {
    $("#toast").replaceChildren(Object.assign(document.createElement("span"), { className: "toast-message", textContent: text }));
  }

  const refreshStrip = () => $("#strip") && !document.hidden && window.htmx?.trigger("#strip", "refresh");
  setInterval(tick, 1000);
  setInterval(beat, BEAT_MS);
  setInterval(refreshStrip, STRIP_MS);
  addEventListener("visibilitychange", takeIt);
  addEventListener("pagehide", () => {
    if (isMine() && !going) navigator.sendBeacon(work().dataset.release, new URLSearchParams({ csrf: token() }));
  });
  addEventListener("pageshow", (event) => event.persisted && window.location.reload());

  // -- keys

  function nameOf(event) {
    const code = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1].toLowerCase();
    const key = (event.altKey && code) || (event.key.length === 1 ? event.key : event.key);
    return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${key}`;
  }

  function bound(name) {
    const found = $$("[data-key], [data-key2]").filter(
      (node) => [node.dataset.key, node.dataset.key2].includes(name) && isSeen(node),
    );
    return found.find((node) => node.closest("details.panel[open] .sheet")) || found[0];
  }

  function press(node) {
    if (node.matches("summary")) {
      const panel = node.parentElement;
      panel.open = !panel.open;
      if (panel.open) (panel.matches(".panel") ? $(".sheet :is(button, textarea, input:not([type=hidden]))", panel) : $("#find")).focus();
    } else if (node.matches("[type=radio]")) {
      choose(node);
    } else if (!isSoon() || !node.matches("button")) {
      node.click();
    }
  }

  function choose(radio) {
    if (isSoon()) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    if (work().dataset.digits === "save") $("#accept").click();
  }

  addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.isComposing || event.keyCode === 229 || !(target instanceof Element) || $("dialog[open]")) return;
    const name = nameOf(event);
    const isPlain = !/^(?:Ctrl|Alt)\+/.test(name);
    if (name === "Escape") return closePanel();
    if (event.repeat && (name === "Enter" || !isPlain) && !target.matches("textarea")) return event.preventDefault();
    if (inField(event, name)) return event.preventDefault();
    if (isPlain && isTyping(target)) return;
    if (name === "Ctrl+z" && isTyping(target) && target.value !== target.defaultValue) return; // of what was typed
    if ((name === "Enter" || name === " ") && target.closest("button, a, summary")) return; // it is pressed as it is
    if (isPlain && name !== "Enter" && work()?.dataset.single === "off") return;
    const node = bound(name);
    if (!node) return;
    event.preventDefault();
    if (!event.repeat) press(node);
  });

  function closePanel() {
    const panel = $$("details[open]:is(.panel, .others)").pop();
    if (!panel) return;
    panel.open = false;
    $("summary", panel).focus();
  }

  // -- labels

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

  addEventListener("input", ({ target }) => {
    if (target.id === "find") $("#found").textContent = words.found.replace("{count}", matches().length);
  });

  // -- fields

  const answer = () => $$("#fields :is(input, textarea, select)").map((box) => [box.name, box.value, box.checked].join()).join();
  const doubtful = () => $$(`#fields .field${$("#fields [data-state]") ? "[data-state=check]" : ""}:not(.confirmed)`);
  const boxOf = (node) => node && $("input:not([type=hidden]), textarea, select", node);

  function inField(event, name) { // keys that mean something within a box; returns whether this was one
    const { target } = event;
    if (target.id === "find") {
      const first = matches()[0];
      if (name === "ArrowDown" && first) $("input", first).focus();
      else if (name === "Enter" && first) choose($("input", first));
      return ["ArrowDown", "Enter"].includes(name);
    }
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
    for (const mark of $$("mark.lit")) mark.classList.remove("lit");
    const found = here ? $$("mark").filter((mark) => mark.dataset.fields.split("\n").includes(here.dataset.path)) : [];
    for (const mark of found) mark.classList.add("lit");
    found[0]?.scrollIntoView({ block: "nearest" });
  }

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

  function pick(event) { // a word of the source fills the field
    const text = event.target.closest?.(".source .text");
    const box = boxOf(field);
    const word = String(getSelection()).trim();
    if (!text || !box || !word || box.matches("select, [type=radio], [type=checkbox]")) return;
    fill(box, word);
    box.focus();
  }

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
    if (target.closest?.("[data-keys]") && $("#keys")) {
      event.preventDefault();
      $("#keys").showModal();
    }
  });

  function absent() {
    const box = boxOf(field);
    if (!box) return;
    const none = $("[data-none]", field);
    if (none) none.click();
    else fill(box, "");
    confirm();
  }

  if (work()) setClock(work());
  settle();
  takeIt();
})();
