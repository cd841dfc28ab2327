"use strict";
(function () {
  const root = document.documentElement;
  function stored() { try { return localStorage.getItem("theme"); } catch { return null; } }
  function store(value) { try { localStorage.setItem("theme", value); } catch { /* not allowed here */ } }
  const saved = stored();
  if (saved === "light" || saved === "dark") root.dataset.theme = saved;

  const toggle = document.getElementById("theme");
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() { return root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches; }
  function label() { toggle.textContent = isDark() ? "Light colours" : "Dark colours"; }
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    store(root.dataset.theme);
    label();
  });
  prefersDark.addEventListener("change", label);
  label();

  // Paper has nothing to press: what is folded is unfolded for as long as it takes to print.
  const unfolded = [];
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details.prints:not([open])")) {
      part.open = true;
      unfolded.push(part);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const part of unfolded.splice(0)) part.open = false;
  });

  // A table is sorted by the heading that is pressed; rows without a value stay last.
  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.textContent = "";
      heading.append(button);
      button.addEventListener("click", () => {
        const first = heading.dataset.first || "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = heading.getAttribute("aria-sort") === first ? other : first;
        headings.forEach((h) => h.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", order);
        sort(table.tBodies[0], column, order === "ascending" ? 1 : -1);
      });
    });
  }
  const words = new Intl.Collator("en", { numeric: true }); // aicm2 before aicm10
  function sort(body, column, sign) {
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const rows = [...body.rows];
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      if (x === "\u2013" || y === "\u2013") return (x === "\u2013") - (y === "\u2013");
      const numbers = !Number.isNaN(Number(x)) && !Number.isNaN(Number(y));
      return sign * (numbers ? x - y : words.compare(x, y));
    });
    body.append(...rows);
  }
})();
