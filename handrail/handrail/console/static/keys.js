// Keys: each presses the button, link or label that names it in `data-key`; and the beginning of it all.
"use strict";
(() => {
  const { $, $$, work, isSoon, choose, inField, setClock, settle, hold } = window.handrail;
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true });
  const isTyping = (node) => node.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=submit])");

  function nameOf(event) {
    const code = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1].toLowerCase();
    const key = (event.altKey && code) || event.key;
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

  function closePanel() {
    const panel = $$("details[open]:is(.panel, .others)").pop();
    if (!panel) return;
    panel.open = false;
    $("summary", panel).focus();
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

  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-keys]") || !$("#keys")) return;
    event.preventDefault();
    $("#keys").showModal();
  });

  if (work()) setClock(work());
  settle();
  hold();
})();
