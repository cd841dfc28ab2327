"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const SORTS = { order: () => 0, disagreement: (f) => -f.disagreement, error: (f) => -f.error };
  data.frames.forEach((frame, i) => { frame.order = i; });
  const byId = new Map(data.frames.map((frame) => [frame.id, frame]));
  // The first method of every board; the others wait until they are asked for.
  const first = new Set(data.boards.map((_, board) =>
    data.frames.filter((f) => f.board === board).flatMap((f) => f.methods).reduce((least, m) => Math.min(least, m.method), Infinity)));
  const hidden = new Set(data.methods.map((_, k) => k).filter((k) => !first.has(k)));
  let shown = [];
  let current = null;

  const anyImage = data.frames.some((f) => f.image);
  const anyLabels = data.frames.some((f) => f.labels);
  const withHeat = data.methods.map((_, k) => data.frames.some((f) => f.methods.some((m) => m.method === k && m.heat)));

  function html(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }
  function svg(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // -- marks: the outcome is told by shape first, colour second --------------------------------
  function stroked(name, attributes, width) {
    const { look, ...place } = attributes;
    return [
      svg(name, { ...place, class: "edge", "stroke-width": width + 1.6 }),
      svg(name, { ...place, class: `mark ${look}`, "stroke-width": width }),
    ];
  }
  function ring(x, y, r, ink, width) { return stroked("circle", { cx: x, cy: y, r, look: ink }, width); }
  function dot(x, y, ink, r = 2.7) {
    return [svg("circle", { cx: x, cy: y, r, class: `mark full ${ink}`, "stroke-width": .9 })];
  }
  function cross(x, y, ink, r = 3.2) {
    return stroked("path", { d: `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`, look: ink }, 1.7);
  }
  function miss(x, y, r, ink) { return ring(x, y, r, `fn ${ink}`, 1.6); }

  function panel(frame, methods, heat) {
    const board = data.boards[frame.board];
    const [width, height] = frame.size;
    const single = methods.length < 2;
    const parts = [];
    const box = { x: -.5, y: -.5, width, height, preserveAspectRatio: "none" };
    if (frame.image && $("image").checked) parts.push(svg("image", { ...box, href: frame.image }));
    else if (!frame.image) parts.push(svg("rect", { ...box, fill: "#22262a" }));
    if (heat) parts.push(svg("image", { ...box, href: heat, class: "heat" }));
    const xy = (list, i) => [list[2 * i], list[2 * i + 1]];
    if (frame.labels && $("labels").checked) {
      for (let j = 0; j < frame.labels.length / 2; j++) {
        const [x, y] = xy(frame.labels, j);
        if ($("rings").checked) parts.push(...ring(x, y, board.radius, "ink-label", .8));
        parts.push(...dot(x, y, "ink-label", 1.1));
      }
    }
    methods.forEach((method, place) => {
      const ink = (outcome) => single ? `ink-${outcome}` : `ink${method.method % 8}`;
      // Marks at one place: the earlier the method, the larger, so that it shows below the others.
      const more = methods.length - 1 - place;
      const marks = [];
      const found = new Map();
      const labelsFound = new Set();
      for (let i = 0; i < method.t.length; i += 2) {
        found.set(method.t[i], method.t[i + 1]);
        labelsFound.add(method.t[i + 1]);
      }
      if (frame.labels) {
        for (let j = 0; j < frame.labels.length / 2; j++) {
          const [x, y] = xy(frame.labels, j);
          if (!labelsFound.has(j)) marks.push(...miss(x, y, board.radius + 2 + 2.6 * place, ink("fn")));
        }
      }
      for (let i = 0; i < (method.p || []).length / 2; i++) {
        const [x, y] = xy(method.p, i);
        if (!found.has(i)) { marks.push(...cross(x, y, ink("fp"), 3.2 + 1.3 * more)); continue; }
        if (frame.labels) {
          const [u, v] = xy(frame.labels, found.get(i));
          marks.push(...stroked("line", { x1: x, y1: y, x2: u, y2: v, look: ink("tp") }, .9));
        }
        marks.push(...dot(x, y, ink("tp"), 2.7 + 1.2 * more));
      }
      parts.push(svg("g", { class: "method", "data-method": method.method }, ...marks));
    });
    const names = methods.map((m) => `${data.methods[m.method].name}: ${m.tp} found, ${m.fp} false, ${m.fn} missed`);
    return svg("svg", {
      class: "frame", viewBox: `-.5 -.5 ${width} ${height}`, role: "img",
      "aria-label": `Frame ${frame.id} with ${frame.count} labels. ${names.join(". ") || "No method shown"}.`,
    }, ...parts);
  }

  // -- the frame that is shown -----------------------------------------------------------------
  function visible(frame) { return frame.methods.filter((m) => !hidden.has(m.method)); }

  function heatOf(frame, method) {
    const entry = frame.methods.find((m) => m.method === method);
    return entry ? entry.heat : null;
  }

  function draw() {
    if (!current) { $("panels").replaceChildren("No frame fits."); return; }
    const frame = current;
    const methods = visible(frame);
    const beside = $("beside").checked && methods.length > 0;
    const chosen = $("heat").value === "" ? null : Number($("heat").value);
    const panels = beside ? methods.map((m) => [m]) : [methods];
    $("panels").className = beside ? "several" : "";
    $("panels").replaceChildren(...panels.map((group) => {
      // Side by side every method is shown over its own heatmap, if heatmaps are on at all.
      const heat = chosen === null ? null : heatOf(frame, beside ? group[0].method : chosen);
      const figure = html("figure", {}, panel(frame, group, heat));
      if (beside) figure.append(html("figcaption", { textContent: data.methods[group[0].method].name }));
      return figure;
    }));
    legend(frame, beside || methods.length < 2 ? [] : methods);
    $("name").textContent = `${frame.surgery} / ${frame.video} / ${frame.stem}`;
    const unknown = frame.labels ? "" : " The labels are not available: misses are counted, not drawn.";
    const unread = methods.some((m) => m.p === null) ? " A method has no prediction files: it is counted, not drawn." : "";
    const absent = data.methods.filter((_, k) => !frame.methods.some((m) => m.method === k)
      && data.frames.some((f) => f.board === frame.board && f.methods.some((m) => m.method === k)));
    const bare = (beside ? methods.map((m) => m.method) : [chosen]).filter((k) => chosen !== null && withHeat[k] && !heatOf(frame, k));
    const cold = bare.length ? ` No heatmap is kept of this frame: ${bare.map((k) => data.methods[k].name).join(", ")}.` : "";
    const same = data.boards[frame.board].same.map((words) => ` ${words}`).join("");
    const gone = absent.length ? ` Not scored on this frame: ${absent.map((m) => m.name).join(", ")}.` : "";
    $("facts").textContent = `${data.boards[frame.board].name}. ${frame.count} labels; `
      + `disagreement ${frame.disagreement} (labels only some methods found, plus the difference in false positives); `
      + `${frame.error} errors per method.${unknown}${unread}${gone}${same}${cold}`;
    $("ring-size").textContent = `Rings of ${data.boards[frame.board].radius} px`;
    const rows = $("methods").tBodies[0].rows;
    data.methods.forEach((_, k) => {
      const entry = frame.methods.find((m) => m.method === k);
      ["tp", "fp", "fn"].forEach((key, i) => { rows[k].cells[i + 1].textContent = entry ? entry[key] : "-"; });
    });
  }

  function legend(frame, several) {
    const sample = (draw) => svg("svg", { class: "swatch", viewBox: "-15 -11 30 22", "aria-hidden": "true" }, ...draw);
    const item = (draw, text) => html("li", {}, sample(draw), text);
    const items = [];
    const ink = (outcome) => several.length ? "ink-label" : `ink-${outcome}`;
    if (anyLabels) items.push(item([...ring(0, 0, 6, "ink-label", .8), ...dot(0, 0, "ink-label", 1.1)], "label"));
    items.push(item(dot(0, 0, ink("tp")), "found (TP)"), item(cross(0, 0, ink("fp")), "false (FP)"));
    if (anyLabels) items.push(item(miss(0, 0, 8, ink("fn")), "missed (FN)"));
    for (const method of several) {
      items.push(item([svg("rect", { x: -9, y: -5, width: 18, height: 10, class: `mark full ink${method.method % 8}`, "stroke-width": .9 })],
        data.methods[method.method].name));
    }
    $("legend").replaceChildren(...items);
  }

  // Browsers stop a page that changes its address too often, as a key held down would.
  let written = "", due = 0, last = -Infinity;
  function address(frame) {
    clearTimeout(due);
    const wanted = "#" + encodeURI(frame.id).replaceAll("#", "%23");
    const write = () => {
      [written, last] = [wanted, performance.now()];
      if (location.hash !== wanted) location.replace(wanted);
    };
    const wait = last + 200 - performance.now();
    if (wait > 0) due = setTimeout(write, wait); else write();
  }

  function show(frame) {
    current = frame;
    draw();
    if (!frame) { $("place").textContent = "0 of 0"; return; }
    const place = shown.indexOf(frame);
    $("place").textContent = `${place + 1} of ${shown.length}`;
    address(frame);
    for (const button of $("list").children) {
      if (button.dataset.id === frame.id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    $("said").textContent = `Frame ${place + 1} of ${shown.length}: ${frame.id}`;
  }

  function step(by) {
    if (!shown.length) return;
    show(shown[(shown.indexOf(current) + by + shown.length) % shown.length]);
  }

  // -- which frames ------------------------------------------------------------------------------
  function options(select, entries) {
    select.replaceChildren(...entries.map(([value, textContent]) => html("option", { value, textContent })));
  }
  function surgeries() {
    const board = $("board").value;
    const names = [...new Set(data.frames.filter((f) => board === "" || f.board === Number(board)).map((f) => f.surgery))];
    const before = $("surgery").value;
    options($("surgery"), [["", "all"], ...names.map((n) => [n, n])]);
    if (names.includes(before)) $("surgery").value = before;
  }
  function filter(keep) {
    const [board, surgery, key] = [$("board").value, $("surgery").value, SORTS[$("sort").value]];
    shown = data.frames.filter((f) => (board === "" || f.board === Number(board)) && (surgery === "" || f.surgery === surgery));
    shown.sort((a, b) => key(a) - key(b) || a.order - b.order);
    const focused = $("list").contains(document.activeElement) && document.activeElement.dataset.id;
    $("list").replaceChildren(...shown.map((frame) => {
      const words = `${frame.surgery} ${frame.stem}`;
      const numbers = `differs ${frame.disagreement}, errors ${frame.error}`;
      const button = html("button", { type: "button" });
      if (frame.image) button.append(html("img", { src: frame.image, alt: "", loading: "lazy", width: 160, height: 90 }));
      button.append(html("span", {}, words, document.createElement("br"), numbers));
      button.dataset.id = frame.id;
      button.addEventListener("click", () => { show(frame); $("name").scrollIntoView({ block: "nearest" }); });
      return button;
    }));
    const again = focused && [...$("list").children].find((button) => button.dataset.id === focused);
    if (again) again.focus({ preventScroll: true });
    show(keep && shown.includes(current) ? current : shown[0] || null);
  }
  function fromAddress() {
    if (location.hash === written) return true;
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return false; }
    const frame = byId.get(id);
    if (!frame) return false;
    [written, last] = [location.hash, -Infinity];
    if (frame !== current) {
      if (!shown.includes(frame)) {
        $("board").value = "";
        surgeries();
        $("surgery").value = "";
        current = frame;
        filter(true);
      } else show(frame);
    }
    return true;
  }

  // -- controls --------------------------------------------------------------------------------
  function toggleMethod(k) {
    const box = $("methods").tBodies[0].rows[k] && $("methods").tBodies[0].rows[k].querySelector("input");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change"));
  }
  data.methods.forEach((method, k) => {
    const box = html("input", { type: "checkbox", checked: !hidden.has(k) });
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(k); else hidden.add(k);
      draw();
    });
    // A long name breaks behind a slash or an underscore.
    const name = html("span", {}, ...method.name.split(/(?<=[/_])/).flatMap((part) => [part, document.createElement("wbr")]));
    const label = html("label", {}, box);
    if (k < 9) label.append(html("span", { className: "digit", textContent: String(k + 1), ariaHidden: "true" }));
    label.append(name);
    const row = html("tr", {}, Object.assign(html("th", {}, label), { scope: "row" }));
    for (let i = 0; i < 3; i++) row.append(html("td", { className: "num" }));
    $("methods").tBodies[0].append(row);
  });
  options($("board"), [["", "all"], ...data.boards.map((b, i) => [String(i), b.name])]);
  options($("heat"), [["", "none"], ...data.methods.map((m, k) => [String(k), m.name]).filter(([k]) => withHeat[Number(k)])]);
  if (!anyImage) $("image-choice").hidden = true;
  if (!anyLabels) { $("labels-choice").hidden = true; $("rings-choice").hidden = true; }
  if (!withHeat.some(Boolean)) $("heat-choice").hidden = true;
  if (!anyImage && !anyLabels && !withHeat.some(Boolean)) $("layers").hidden = true;
  if (data.methods.length < 4) $("several").hidden = true;
  if (data.methods.length < 2) $("views").hidden = true;
  for (const [id, all] of [["all", true], ["none", false]]) {
    $(id).addEventListener("click", () => {
      for (const box of $("methods").tBodies[0].querySelectorAll("input")) {
        if (box.checked !== all) box.click();
      }
    });
  }

  const flip = (id) => { $(id).checked = !$(id).checked; draw(); };
  function cycle(select) {
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    select.dispatchEvent(new Event("change"));
  }
  const KEYS = {
    ArrowRight: () => step(1), ArrowLeft: () => step(-1),
    Home: () => shown.length && show(shown[0]), End: () => shown.length && show(shown[shown.length - 1]),
    p: () => anyImage && flip("image"), l: () => anyLabels && flip("labels"), r: () => anyLabels && flip("rings"),
    h: () => withHeat.some(Boolean) && cycle($("heat")), s: () => cycle($("sort")),
    b: () => { $($("beside").checked ? "overlay" : "beside").checked = true; draw(); },
    "?": () => $("keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    if (event.target.closest("select, input[type=radio]")) return;
    if (event.key.length === 1 && !$("letters").checked) return;
    if (/^[1-9]$/.test(event.key)) toggleMethod(Number(event.key) - 1);
    else if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
    else return;
    event.preventDefault();
  });
  for (const id of ["image", "labels", "rings", "heat", "overlay", "beside"]) $(id).addEventListener("change", draw);
  $("board").addEventListener("change", () => { surgeries(); filter(true); });
  $("surgery").addEventListener("change", () => filter(true));
  $("sort").addEventListener("change", () => filter(false));
  $("previous").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  $("help").addEventListener("click", () => $("keys").showModal());
  window.addEventListener("hashchange", fromAddress);

  $("gallery").hidden = false;
  surgeries();
  const wanted = location.hash;
  shown = [];
  filter(false);
  if (wanted.length > 1) {
    location.replace(wanted);
    if (!fromAddress()) address(current);
  }
})();
