"use strict";
// Sorts and filters what stands there already. Without it the page shows everything,
// the worst first.
(() => {
  const $ = (id) => document.getElementById(id);
  const order = new Intl.Collator("en", { numeric: true });
  const list = $("list"), form = $("filter"), find = $("find"), status = $("status");
  const groups = document.querySelectorAll("table.g");
  const picked = new Map(); // group's number by its table's
  let rows; // with their text and their records, looked up when they are first needed

  const all = () => rows ??= Array.from(list.tBodies, (b) => Array.from(b.rows)).flat().map((tr) => {
    const record = document.querySelector(tr.cells[1].firstElementChild.getAttribute("href"));
    return { tr, record, text: record.textContent.toLowerCase() + " " + tr.textContent.toLowerCase(), groups: tr.dataset.g.split(" ") };
  });

  function apply() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const r of all()) {
      const fits = (!status.value || r.tr.dataset.c === status.value) &&
        words.every((w) => r.text.includes(w)) &&
        Array.from(picked).every(([table, n]) => r.groups[table] === n);
      if (r.tr.hidden === fits) r.tr.hidden = r.record.hidden = !fits;
      shown += fits;
    }
    for (const e of [list, $("records")]) e.toggleAttribute("data-few", shown <= 500); // whose room is not guessed
    $("shown").textContent = shown === rows.length ? `${shown} credentials` : `${shown} of ${rows.length} credentials`;
  }

  // pick filters by a group, or no longer.
  function pick(table, tr) {
    const n = tr.dataset.k, on = picked.get(table) !== n;
    for (const other of groups[table].tBodies[0].rows) mark(other, false);
    if (on) picked.set(table, n); else picked.delete(table);
    mark(tr, on);
    chips();
    apply();
  }

  function mark(tr, on) {
    tr.toggleAttribute("data-on", on);
    tr.cells[0].firstElementChild.setAttribute("aria-pressed", on);
  }

  function chips() {
    $("chips").replaceChildren(...Array.from(picked, ([table, n]) => {
      const tr = groups[table].querySelector(`tr[data-k="${n}"]`);
      const chip = document.createElement("button");
      chip.type = "button";
      chip.textContent = `${tr.cells[0].textContent} ×`;
      chip.setAttribute("aria-label", `No longer only ${tr.cells[0].textContent}`);
      chip.addEventListener("click", () => { pick(table, tr); find.focus(); });
      return chip;
    }));
  }

  // key is by what a cell sorts: a status by how bad it is.
  const key = (tr, i) => (i === 0 && tr.dataset.r) || tr.cells[i].textContent;

  function sort(table, th) {
    const i = th.cellIndex, down = th.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const bodies = Array.from(table.tBodies), size = bodies[0]?.rows.length ?? 0;
    const keyed = bodies.flatMap((b) => Array.from(b.rows)).map((tr) => [key(tr, i), tr]);
    keyed.sort(([a], [b]) => (a === "") - (b === "") || down * order.compare(a, b)); // what is not known comes last
    bodies.forEach((b, n) => b.replaceChildren(...keyed.slice(n * size, (n + 1) * size).map(([, tr]) => tr)));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
  }

  function button(cell, act) {
    const b = document.createElement("button");
    b.type = "button";
    b.append(...cell.childNodes);
    b.addEventListener("click", act);
    cell.append(b);
    return b;
  }

  for (const table of [list, ...groups]) {
    for (const th of table.tHead.rows[0].cells) button(th, () => sort(table, th));
  }
  groups.forEach((table, n) => {
    for (const tr of table.tBodies[0].rows) button(tr.cells[0], () => pick(n, tr)).setAttribute("aria-pressed", false);
  });
  list.tHead.rows[0].cells[0].setAttribute("aria-sort", "ascending");
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => {
    for (const [table, n] of picked) mark(groups[table].querySelector(`tr[data-k="${n}"]`), false);
    picked.clear();
    chips();
    apply();
  }));
  let waiting;
  find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
  status.addEventListener("change", apply);
  form.hidden = false;
})();
