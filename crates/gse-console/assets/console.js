// The console's conveniences. Every page can be read without them; only uploading needs them.
"use strict";

document.documentElement.classList.add("scripted");

// Choices that need no button.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.submit();
});

// Copying code.
function offerCopies() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "✓";
    };
  }
}

// Lists are sorted by a column, either way; numbers as numbers.
function lasted(text) {
  const parts = /^(?:(\d+)d )?(?:(\d+)h )?(?:(\d+)m )?(\d+)s$/.exec(text);
  return parts && [86400, 3600, 60, 1].reduce((sum, unit, at) => sum + unit * Number(parts[at + 1] ?? 0), 0);
}
let sorting = null;
function sortBy(table, column, up) {
  const key = (row) => row.cells[column]?.textContent.trim() ?? "";
  const order = (a, b) => {
    const one = lasted(key(a)), other = lasted(key(b));
    if (one !== null && other !== null) return one - other;
    return key(a).localeCompare(key(b), undefined, { numeric: true });
  };
  const rows = [...table.tBodies[0].rows].sort((a, b) => (up ? order(a, b) : order(b, a)));
  table.tBodies[0].append(...rows);
  [...table.tHead.rows[0].cells].forEach((cell, index) => {
    cell.setAttribute("aria-sort", index === column ? (up ? "ascending" : "descending") : "none");
  });
}
function offerSorting() {
  document.querySelectorAll("main table").forEach((table, number) => {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = document.createElement("button");
      button.append(...cell.childNodes);
      cell.append(button);
      button.onclick = () => {
        const up = cell.getAttribute("aria-sort") !== "ascending";
        sorting = { number, column, up };
        sortBy(table, column, up);
      };
    });
    if (sorting && sorting.number === number) sortBy(table, sorting.column, sorting.up);
  });
}

// Running times go on.
const born = Date.now();
function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "m"]];
  let shown = "";
  for (const [count, unit] of parts) if (count > 0 || shown) shown += two(count) + unit + " ";
  return shown + two(seconds % 60) + "s";
}
setInterval(() => {
  for (const span of document.querySelectorAll("[data-since]")) {
    const since = Number(span.dataset.since);
    span.textContent = duration(Math.max(0, Math.floor(Date.now() / 1000) - since));
  }
}, 1000);

// Pages that follow what they show. Nothing is taken away from under somebody who types or selects.
function isBusy(main) {
  const at = document.activeElement;
  return (at && main.contains(at) && at.matches("input, select, textarea")) || !getSelection().isCollapsed;
}
let isStale = false;
async function refresh(main) {
  // Looked at again when nobody is in the way.
  isStale = isBusy(main) || document.hidden;
  if (isStale) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  if (!next || (isStale = isBusy(main))) return;
  const at = document.activeElement;
  const focused = at && main.contains(at) && at.getAttribute("href");
  const before = places(main);
  main.replaceChildren(...next.childNodes);
  prepare();
  putBack(main, before);
  if (focused) main.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}
// What was opened stays open. Output shows its end, unless somebody has gone back in it.
function places(main) {
  const end = (tail) => tail.scrollHeight - tail.scrollTop - tail.clientHeight < 4;
  return {
    tails: [...main.querySelectorAll("[data-tail]")].map((tail) => (end(tail) ? null : tail.scrollTop)),
    open: [...main.querySelectorAll("details")].map((details) => details.open),
  };
}
function putBack(main, { tails, open }) {
  main.querySelectorAll("[data-tail]").forEach((tail, number) => { tail.scrollTop = tails[number] ?? tail.scrollHeight; });
  const parts = main.querySelectorAll("details");
  // Where a part came or went, their places no longer tell which is which.
  if (parts.length === open.length) parts.forEach((part, number) => { part.open = open[number]; });
}
function follow() {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  putBack(main, { tails: [], open: [] });
  if (!window.EventSource) return;
  setInterval(() => { if (isStale) refresh(main); }, 1000);
  const source = new EventSource(main.dataset.live);
  source.onmessage = () => refresh(main);
  addEventListener("pagehide", () => source.close());
}

// Where a menu is wider than the window, the place where one is is in sight.
function showPlace() {
  for (const here of document.querySelectorAll(".menu [aria-current], .tabs [aria-current]")) {
    const strip = here.closest("ul, .tabs");
    strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }
}
addEventListener("resize", showPlace);

// Fields that are for some choices only: data-when is `name=value|value`.
function applyConditions() {
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const form = part.closest("form");
    const field = form && form.elements[name];
    if (field) part.hidden = !values.split("|").includes(field.value);
  }
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-decides]")) applyConditions();
});

// Uploading: the file as it is, with its progress.
function offerUpload() {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const file = form.elements.file, drop = form.querySelector("[data-drop]");
  form.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
  form.ondragleave = () => drop.classList.remove("over");
  form.ondrop = (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
    file.dispatchEvent(new Event("change"));
  };
  file.onchange = () => {
    const name = form.elements.name, chosen = file.files[0];
    if (chosen && !name.value) name.value = chosen.name.replace(/\.zip$/i, "").slice(0, 64);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const progress = form.querySelector("progress"), told = form.querySelector("[data-progress]");
    const notice = form.querySelector(".notice"), button = form.querySelector("button");
    const say = (text) => { notice.textContent = text; notice.hidden = !text; button.disabled = !text; progress.hidden = !!text; };
    const query = new URLSearchParams();
    for (const name of ["name", "version", "os", "tags"]) query.set(name, form.elements[name].value);
    query.set("image", form.elements.os.selectedOptions[0]?.dataset.image ?? "");
    const request = new XMLHttpRequest();
    request.open("PUT", "/console/upload?" + query);
    request.setRequestHeader("X-CSRF-Token", document.querySelector("meta[name=csrf]").content);
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      progress.value = event.loaded / event.total;
      const mib = (bytes) => (bytes / 1048576).toFixed(1);
      told.textContent = `${Math.floor(100 * event.loaded / event.total)} % · ${mib(event.loaded)} / ${mib(event.total)} MiB`;
    };
    request.onload = () => (request.status === 200 ? location.assign(request.responseText) : say(request.responseText || String(request.status)));
    request.onerror = () => say(button.dataset.lost);
    progress.hidden = false;
    say("");
    progress.hidden = false;
    request.send(file.files[0]);
  };
}

// What scrolls can be scrolled by keyboard.
function reachScrollers() {
  for (const box of document.querySelectorAll("td > div, pre, .scroll")) {
    const scrolls = box.scrollHeight > box.clientHeight || box.scrollWidth > box.clientWidth;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachScrollers);

function prepare() {
  reachScrollers();
  offerCopies();
  offerSorting();
  applyConditions();
  showPlace();
}
prepare();
offerUpload();
follow();
