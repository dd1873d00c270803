// What the pages gain where scripts run: they stay live, say when the server is away, and copy ids.
// Without it everything works by links and forms. Talks to this server alone.
"use strict";

const EVERY_MS = Number(document.body.dataset.refresh || 0);
const SLOWEST_MS = 30_000;
const banner = document.getElementById("away");

// Moments: "3 min ago", kept right, in the words that the server uses

const STEPS = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];

function told(at) {
  const seconds = Math.round((Date.now() - at) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 1) return "now";
  const [size, unit] = STEPS.find(([size]) => distance >= size);
  const words = `${Math.floor(distance / size)} ${unit}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

function tellMoments() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const words = told(Date.parse(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
}

// Live regions: the same page again, and what differs in it is swapped by id

function inUse(region) {
  const [field, marked] = [document.activeElement, getSelection()];
  const typing = region.contains(field) && field.matches("input:not([type=checkbox]), select, textarea");
  const copying = !marked.isCollapsed && region.contains(marked.anchorNode);
  return typing || copying || region.querySelector(":popover-open") !== null;
}

const shown = new Map();

function swap(region, fresh) {
  if (!fresh || inUse(region) || shown.get(region.id) === fresh.innerHTML) return;
  shown.set(region.id, fresh.innerHTML);
  const held = document.activeElement;
  const marked = region.contains(held) && held !== region ? mark(held) : null;
  const place = marked === null ? -1 : alike(region, held.tagName, marked).indexOf(held);
  const open = new Set([...region.querySelectorAll("details[open][id]")].map((one) => one.id));
  const chosen = new Set([...region.querySelectorAll("input[type=checkbox]:checked")].map((one) => one.value));
  region.replaceChildren(...fresh.childNodes);
  for (const one of region.querySelectorAll("details[id]")) one.open = open.has(one.id);
  for (const box of region.querySelectorAll("input[type=checkbox]")) box.checked = chosen.has(box.value);
  if (marked !== null) alike(region, held.tagName, marked)[place]?.focus({ preventScroll: true });
  prepare(region);
}

// What tells an element from others in a region, whatever is swapped in around it: where it leads, what it is called.
function mark(element) {
  return ["id", "href", "popovertarget", "name", "value", "data-copy"].map((name) => element.getAttribute(name)).join("|");
}

function alike(region, tag, marked) {
  return [...region.querySelectorAll(tag)].filter((one) => mark(one) === marked);
}

const LIVE = { "X-Live": "1", Accept: "text/html" };
let wait = EVERY_MS;
let timer = 0;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: LIVE, cache: "no-store", signal: AbortSignal.timeout(10_000) });
      if (answer.redirected) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) throw new Error(page.querySelector("h1")?.textContent || "The server answered with an error");
      for (const region of document.querySelectorAll("[data-live]")) swap(region, page.getElementById(region.id));
      here();
    } catch (error) {
      away(error instanceof TypeError || error.name === "TimeoutError" ? "The server does not answer" : error.message);
    }
  }
  clearTimeout(timer); // another call may have been under way
  timer = setTimeout(refresh, wait);
}

function tell(isLive) {
  document.body.classList.toggle("is-live", isLive);
  document.body.classList.toggle("is-away", !isLive);
  for (const word of document.querySelectorAll(".live")) word.textContent = isLive ? "Live" : "Not live";
}

function here() {
  wait = EVERY_MS;
  banner.hidden = true;
  tell(true);
}

function away(why) {
  if (banner.hidden) banner.dataset.since = new Date().toLocaleTimeString();
  wait = Math.min(wait * 2, SLOWEST_MS);
  banner.textContent = `${why}. What you see is from ${banner.dataset.since}; this page tries again by itself.`;
  banner.hidden = false;
  tell(false);
}

// A page that says that the server, or what it needs, is away: it comes back by itself

async function heal(ms) {
  const answer = await fetch(location.href, { headers: LIVE, cache: "no-store" }).catch(() => null);
  if (answer && answer.status !== 503) return location.reload();
  setTimeout(heal, ms, Math.min(ms * 1.5, 10_000));
}

// Small things, by delegation: they work in what was swapped in, too

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const what = button.dataset.copy;
  const text = what.startsWith("#") ? document.querySelector(what).textContent : what;
  await navigator.clipboard.writeText(text);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1_500);
});

document.addEventListener("change", ({ target }) => {
  const form = target.form;
  if (!form) return;
  if ("submit" in form.dataset) return form.requestSubmit(); // a choice that needs no button
  if (target.matches("[data-all]")) for (const box of form.querySelectorAll(`input[name="${target.dataset.all}"]`)) box.checked = target.checked;
  countChosen(form);
});

function countChosen(form) {
  const place = form.querySelector("[data-chosen]");
  if (!place) return;
  const boxes = [...form.querySelectorAll(`input[name="${place.dataset.chosen}"]`)];
  const count = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-all]");
  if (all) Object.assign(all, { checked: count > 0 && count === boxes.length, indeterminate: count > 0 && count < boxes.length });
  place.textContent = count ? `${count} selected` : "None selected";
}

// A button stays shut until the word is typed that its action needs
document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-confirm]")) guard(target);
});

function guard(field) {
  field.form.querySelector("button[type=submit]").disabled = field.value !== field.dataset.confirm;
}

// A form whose answer is shown beside it while it is typed: [data-preview] names the regions to swap
const settle = new WeakMap();
document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-preview]");
  if (!form) return;
  clearTimeout(settle.get(form));
  settle.set(form, setTimeout(preview, 250, form));
});

async function preview(form) {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: LIVE }).catch(() => null);
  if (!answer) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of form.dataset.preview.split(" ")) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh) continue;
    if (fresh.src && old.src !== fresh.src) old.src = fresh.src; // a frame: it shows the old mail until the new one is there
    if (old.innerHTML !== fresh.innerHTML) old.replaceChildren(...fresh.childNodes);
  }
}

// What only works with scripts shows itself, what only those without need goes
function prepare(part) {
  if (navigator.clipboard) for (const button of part.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const one of part.querySelectorAll("[data-scripted]")) one.hidden = false;
  for (const one of part.querySelectorAll("[data-unscripted]")) one.hidden = true;
  for (const field of part.querySelectorAll("[data-confirm]")) guard(field);
  for (const place of part.querySelectorAll("[data-chosen]")) countChosen(place.closest("form"));
  tellMoments();
}

prepare(document);
setInterval(tellMoments, 1_000);
if ("heal" in document.body.dataset) setTimeout(heal, 1_000, 1_000);
if (EVERY_MS) {
  tell(true);
  timer = setTimeout(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}
