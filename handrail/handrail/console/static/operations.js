// The operations page follows what happens: while somebody looks at it, its parts are loaded again, but never the one
// that is pointed at, selected in, or has the focus.
"use strict";
(() => {
  const { $, $$, parsed } = window.handrail;
  const live = $("[data-live]");
  if (!live) return;
  let isLoading = false;

  function isInUse(part) {
    const chosen = getSelection();
    const isSelected = chosen && !chosen.isCollapsed && part.contains(chosen.anchorNode);
    return part.matches(":hover") || part.contains(document.activeElement) || isSelected;
  }

  function replace(old, fresh) {
    const places = $$("[data-scroll]", old).map((each) => each.scrollLeft);
    const open = $$("details", old).map((each) => each.open);
    $$("details", fresh).forEach((each, number) => { each.open = Boolean(open[number]); });
    old.replaceWith(fresh);
    $$("[data-scroll]", fresh).forEach((each, number) => { each.scrollLeft = places[number] || 0; });
  }

  async function follow() {
    if (document.hidden || isLoading) return;
    isLoading = true;
    try {
      const got = await fetch(live.dataset.live, { headers: { "x-console": "live" } });
      if (!got.ok || got.redirected) return;
      const fresh = parsed(await got.text());
      let held = 0;
      for (const part of $$("[data-part]", live)) {
        const next = $(`[data-part="${part.dataset.part}"]`, fresh);
        if (!next) continue;
        if (isInUse(part)) held += 1;
        else replace(part, next);
      }
      const note = $("[data-paused]", live);
      if (note) note.hidden = !held;
    } catch {
      // the server is away: what is shown stays, with the time at which it was so
    } finally {
      isLoading = false;
    }
  }

  setInterval(follow, Number(live.dataset.poll) * 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) follow(); });
})();
