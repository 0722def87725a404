// The preview's theme switch, menu, search, copy buttons and table of contents. The page reads without it.
"use strict";

const root = document.documentElement;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
if (stored()) root.dataset.theme = stored(); // before anything is painted

function themeSwitch() {
  const button = document.querySelector(".theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);
  const show = () => button.setAttribute("aria-pressed", isDark());
  button.onclick = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a private window */ }
    show();
  };
  systemIsDark.onchange = show;
  show();
}

function languageSwitch() { // leads to the section that is being read
  const link = document.querySelector(".language");
  const headings = [...document.querySelectorAll("main :is(h2, h3)[id]")];
  link.onclick = () => {
    link.hash = headings.findLast((heading) => heading.getBoundingClientRect().top < 120)?.id ?? "";
  };
}

function menu() {
  const button = document.querySelector(".menu"), sidebar = document.getElementById("sidebar");
  const open = (yes) => { button.setAttribute("aria-expanded", yes); sidebar.classList.toggle("open", yes); };
  button.onclick = () => open(button.getAttribute("aria-expanded") !== "true");
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") open(false); });
  const here = sidebar.querySelector("[aria-current]");
  if (here) sidebar.scrollTop = here.offsetTop - sidebar.clientHeight / 2;
}

function anchors() { // a way to link each section
  for (const heading of document.querySelectorAll("main :is(h2, h3, h4)[id]")) {
    const link = Object.assign(document.createElement("a"), { className: "anchor", href: `#${heading.id}`, textContent: "#" });
    link.setAttribute("aria-label", `${t("Link to")} ${heading.textContent}`);
    heading.append(link);
  }
}

function copyButtons() {
  for (const code of document.querySelectorAll("main div.sourceCode, main pre:not(.sourceCode):not(.cell-output pre)")) {
    const button = Object.assign(document.createElement("button"), { className: "copy", type: "button", textContent: t("Copy") });
    button.setAttribute("aria-label", t("Copy the code"));
    button.onclick = async () => {
      await navigator.clipboard.writeText((code.querySelector("code") ?? code).textContent);
      button.textContent = t("Copied");
      setTimeout(() => { button.textContent = t("Copy"); }, 1500);
    };
    const box = Object.assign(document.createElement("div"), { className: "with-copy" });
    code.replaceWith(box);
    box.append(code, button);
  }
}

function tableOfContents() { // above the text on small screens; marks the section that is being read
  document.querySelector("details.contents")?.append(document.querySelector(".toc ul").cloneNode(true));
  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    const current = headings.findLast((heading) => heading.getBoundingClientRect().top < 120);
    for (const [id, link] of links) link.classList.toggle("active", id === current?.id);
    const link = current && links.get(current.id), box = document.querySelector(".margin");
    if (link && (link.offsetTop < box.scrollTop || link.offsetTop > box.scrollTop + box.clientHeight - 40)) box.scrollTop = link.offsetTop - 80;
  };
  if (headings.length) { addEventListener("scroll", mark, { passive: true }); mark(); }
}

const load = (name) => new Promise((resolve, reject) => {
  document.head.append(Object.assign(document.createElement("script"), { src: `${document.body.dataset.root}site/${name}`, onload: resolve, onerror: reject }));
});

let index; // made when somebody begins to search
async function sections() {
  await load("search.js");
  return searchSections.map(searchable);
}

function excerpt(text, terms) { // the words around the first match, with all matches marked
  const escaped = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(${escaped.join("|")})`, "giu");
  const found = text.search(pattern), from = Math.max(0, found - 50), space = text.indexOf(" ", from);
  const start = from && space >= 0 && space < found ? space + 1 : from;
  const paragraph = document.createElement("p");
  for (const [i, piece] of text.slice(start, start + 160).split(pattern).entries()) {
    if (i % 2) paragraph.append(Object.assign(document.createElement("mark"), { textContent: piece })); else paragraph.append(piece);
  }
  return paragraph;
}

function search() {
  const box = document.querySelector(".search"), input = box.querySelector("input"), results = box.querySelector(".results");
  const show = async () => {
    const query = input.value.trim();
    const found = query ? find(await (index ??= sections()), query).slice(0, 12) : [];
    if (query !== input.value.trim()) return; // typed on meanwhile
    results.hidden = !query;
    results.replaceChildren(...found.map((section) => {
      const link = Object.assign(document.createElement("a"), { href: document.body.dataset.root + section.url });
      link.append(Object.assign(document.createElement("strong"), { textContent: section.title || section.page }));
      if (section.title) link.append(Object.assign(document.createElement("span"), { textContent: section.page }));
      link.append(excerpt(section.text, section.terms));
      return link;
    }));
    if (query && !found.length) results.append(t("Nothing found."));
  };
  const close = () => { results.hidden = true; };
  input.onfocus = () => { index ??= sections(); show(); };
  input.oninput = show;
  results.onclick = close;
  box.addEventListener("keydown", (event) => {
    const stops = [input, ...results.querySelectorAll("a")], step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { close(); input.blur(); }
    if (event.key === "Enter" && event.target === input) stops[1]?.click();
    if (!step) return;
    event.preventDefault();
    stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
  });
  document.addEventListener("click", (event) => { if (!box.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input")) return;
    event.preventDefault();
    input.focus();
  });
}

addEventListener("DOMContentLoaded", () => {
  for (const start of [themeSwitch, languageSwitch, menu, anchors, copyButtons, checksSwitch, mathFont, tableOfContents, search, scrollBoxes]) start();
  addEventListener("resize", scrollBoxes);
  for (const event of ["load", "toggle"]) document.addEventListener(event, scrollBoxes, { capture: true }); // a picture, a fold
});
