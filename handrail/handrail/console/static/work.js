// The item in sight: what is sent of it, what comes next, and the items that are loaded ahead.
// The document hears "item-shown" when another item is in sight, before anything is loaded ahead.
"use strict";
(() => {
  const { $, $$, words, post, parsed, toast, say, setClock, tick } = window.handrail;
  const DWELL_MS = 250; // an item must have been in sight this long before a key decides it
  const ahead = new Map(); // by address: the HTML of items that come next
  let shownAt = performance.now();
  let going = null; // the request that is on its way

  const work = () => $("#work");
  const isMine = () => work()?.dataset.standing === "mine";
  const isSoon = () => performance.now() - shownAt < DWELL_MS;
  const isSending = () => going !== null;
  const shownOf = (node) => $("[data-live=shown]", node)?.value;

  function show(node) {
    work().replaceWith(node);
    shownAt = performance.now();
    window.htmx?.process(node);
    settle();
    window.scrollTo(0, 0);
  }

  function settle() { // whatever has to be done once an item is in sight
    const here = work();
    if (!here) return;
    document.title = `${$("#heading", here).textContent} · Handrail`;
    toast($(".toast-message", here));
    focusFirst(here);
    document.dispatchEvent(new Event("item-shown"));
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

  async function send(form, button) {
    if (going) await going;
    const decides = button?.matches("[data-decides]");
    if (!form.isConnected || (decides && isSoon())) return;
    const address = button?.getAttribute("formaction") || form.getAttribute("action");
    const fields = new FormData(form, button);
    if (decides && window.handrail.unsent?.() !== undefined) fields.set("worked", window.handrail.unsent());
    const before = work();
    const sent = { item: before.dataset.item, draft: window.handrail.draft?.() };
    const tellSent = () => document.dispatchEvent(new CustomEvent("item-sent", { detail: sent }));
    form.closest(".toast-message")?.remove();
    const quick = decides ? loaded() : null;
    if (quick) show(document.adoptNode(quick));
    let done;
    going = new Promise((resolve) => { done = resolve; });
    try {
      const got = await post(address, fields, "work");
      const location = got.headers.get("x-location");
      if (got.status === 204 && location) {
        work().remove();
        tellSent();
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
      tellSent();
    } catch (error) {
      if (quick) show(before); // with all that was typed
      say(error instanceof TypeError ? words.unreachable : error.message);
    } finally {
      going = null;
      done();
    }
  }

  async function first(sending) { // nothing is sent before this is over
    let done;
    going = new Promise((resolve) => { done = resolve; });
    await sending().finally(() => {
      going = null;
      done();
    });
  }

  addEventListener("submit", (event) => {
    if (!event.target.matches("[data-work]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  Object.assign(window.handrail, { work, isMine, isSoon, isSending, first, shownOf, settle });
})();
