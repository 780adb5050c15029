// Signs of life: the item is taken once it is in sight, kept while its tab is, and given back when the tab goes.
"use strict";
(() => {
  const { $, words, post, token, say, tick, work, isMine, isSending, first, shownOf } = window.handrail;
  const AGAIN_MS = 250;
  const STRIP_MS = 30_000;
  let seconds = 0; // that the item was in sight, until the tab was hidden last
  let since = performance.now(); // when it came into sight
  let isTold = true; // whether all of its time is told by when it was taken and answered

  function atIt() { // how long the item was in sight since the last sign of life
    return seconds + (document.hidden ? 0 : (performance.now() - since) / 1000);
  }

  function begin() {
    seconds = 0;
    since = performance.now();
  }

  async function holdIt() { // the page before this one gives the item back, if this is the same one, loaded anew
    const here = work();
    if (!document.hidden && isMine()) {
      const got = await post(here.dataset.extend, { csrf: token() }, "live").catch(() => null);
      if (got?.ok) own(here, await got.json());
      else if (got?.status === 409) here.dataset.standing = "free";
    }
    await takeIt();
  }

  async function takeIt(mayTryAgain = true) {
    const here = work();
    if (document.hidden || here?.dataset.standing !== "free") return;
    const got = await post(here.dataset.take, { csrf: token() }, "live").catch(() => null);
    if (got?.status === 409 && mayTryAgain) { // it may be given back at this very moment
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
      await takeIt(false);
    } else if (got?.ok) {
      own(here, await got.json());
    }
  }

  function own(here, taken) {
    if (here !== work()) return;
    if (taken.shown !== shownOf(here)) {
      window.location.reload();
      return;
    }
    $("[data-live=version]", here).value = taken.version;
    here.dataset.standing = "mine";
    lease(taken.until);
  }

  function lease(until) {
    const left = document.createElement("span");
    Object.assign(left.dataset, { until, long: "" });
    $("[data-live=lease]").replaceChildren(`${words.mine} `, left);
    tick();
  }

  async function beat() {
    if (document.hidden || !isMine() || isSending()) return;
    const worked = atIt();
    begin();
    isTold = false;
    const got = await post(work().dataset.extend, { csrf: token(), worked }, "live").catch(() => null);
    if (got?.ok) lease((await got.json()).until);
    else if (got?.status === 409) say(words.lost);
  }

  const refreshStrip = () => $("#strip") && !document.hidden && window.htmx?.trigger("#strip", "refresh");
  document.addEventListener("item-sent", refreshStrip);
  document.addEventListener("item-shown", () => {
    begin();
    isTold = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      seconds += (performance.now() - since) / 1000;
      isTold = false;
    } else {
      since = performance.now();
      takeIt();
    }
  });
  addEventListener("pagehide", () => {
    const { until } = $("[data-live=lease] [data-until]")?.dataset || {};
    const fields = new URLSearchParams({ csrf: token(), until });
    if (isMine() && !isSending()) navigator.sendBeacon(work().dataset.release, fields);
  });
  const beatSeconds = Number(work()?.dataset.beat);
  if (beatSeconds) setInterval(beat, beatSeconds * 1000);
  setInterval(refreshStrip, STRIP_MS);

  // What an answer tells of the time at it; undefined: nothing, it is all of the time since the item was taken.
  window.handrail.unsent = () => (isTold ? undefined : atIt());
  window.handrail.hold = () => first(holdIt);
})();
