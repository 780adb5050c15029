// Filters and sorts the failing cases, and opens the one that a link leads to; the page is complete without it.
const open = () => {
  const inside = /^#case-\d+$/.test(location.hash) ? document.querySelector(location.hash) : null;
  for (let each = inside; each; each = each.parentElement) {
    if (each.matches("details")) each.open = true;
    each.hidden = false;
  }
  if (inside) inside.scrollIntoView();
};
addEventListener("hashchange", open);
open();
const tools = document.querySelector(".tools");
if (tools) {
  const list = document.querySelector("#failing");
  const cases = [...list.querySelectorAll(".case")];
  const [words, kind, order] = ["words", "kind", "order"].map((id) => document.getElementById(id));
  const found = document.getElementById("found");
  const show = () => {
    const wanted = words.value.toLowerCase();
    let seen = 0;
    for (const each of cases) {
      const fits = each.textContent.toLowerCase().includes(wanted);
      each.hidden = !fits || !(kind.value === "" || each.dataset.marks.split(" ").includes(kind.value));
      seen += each.hidden ? 0 : 1;
    }
    found.textContent = `${seen.toLocaleString("en")} shown`;
  };
  const sort = () => {
    const by = {
      worst: (a, b) => a.dataset.at - b.dataset.at,
      surest: (a, b) => b.dataset.sure - a.dataset.sure,
      name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, "en", { numeric: true }),
    }[order.value];
    list.append(...cases.sort(by));
  };
  words.addEventListener("input", show);
  kind.addEventListener("change", show);
  order.addEventListener("change", sort);
  tools.hidden = false;
}
