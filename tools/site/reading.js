// What both builders' pages have: the switch for folded code, scrolling with the keyboard, and the ranking of what a search finds.
"use strict";

const t = (text) => globalThis.siteWords?.[text] ?? text; // in the page's language

function checksSwitch() { // one switch opens all folded imports, checks and solutions
  const folds = [...document.querySelectorAll("main details.code-fold")];
  const facts = document.querySelector(".page-facts p");
  if (!folds.length || !facts) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "open-all" });
  let open = false;
  const show = () => {
    button.textContent = open ? t("fold all code again") : t("open all folded code");
    button.setAttribute("aria-pressed", open);
  };
  button.onclick = () => {
    open = !open;
    for (const fold of folds) fold.open = open;
    show();
  };
  facts.append(" · ", button);
  show();
}

function cards() { // where a table with many words is too wide for a phone, its rows stand one below the other
  for (const table of document.querySelectorAll("main table")) {
    const columns = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    const cells = [...table.querySelectorAll("tbody td")];
    table.classList.remove("cards");
    const isWordy = cells.some((cell) => cell.textContent.trim().length > 24);
    if (columns.length < 3 || !isWordy || table.scrollWidth <= table.clientWidth) continue;
    table.classList.add("cards");
    for (const cell of cells) cell.dataset.column = columns[cell.cellIndex];
  }
}

function mathFont() { // fetched when a formula comes near
  const sheet = document.querySelector("link.math");
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    const font = new FontFace("Site Math", `url(${new URL("math.woff", sheet.href)})`);
    font.load().then(() => {
      document.fonts.add(font);
      sheet.media = "all"; // now, so that formulas are laid out once
    });
  }, { rootMargin: "600px" });
  if (sheet) for (const formula of document.querySelectorAll("main math")) near.observe(formula);
}

function scrollBoxes() { // what scrolls inside its box can be reached with the keyboard
  cards();
  for (const box of document.querySelectorAll("main div.sourceCode, main pre, main table, main p:has(> math), main figure")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
  }
}

// words, the parts of names like causal_mask, and Chinese in pairs of characters
const pairs = (text) => [...text].map((_, i, all) => all.slice(i, i + 2).join(""));
const words = (text) => text.match(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu)?.flatMap((word) => {
  if (/\p{Script=Han}/u.test(word)) return pairs(word);
  return word.includes("_") ? [word, ...word.split("_")] : word;
}) ?? [];

// "training", "trains" and "trained" are found as "train"
const stem = (word) => word.replace(/^(.{4,}?)(?:ings?|ers?|ed|es|e|s)$/, "$1");

const IDLE_WORDS = new Set("a an and can do for how i in is it my of on or the to what with".split(" "));

function searchable(section) { // the words of a section's title, its page's title and its text
  const fields = [
    { text: section.title, weight: 12 },
    { text: section.page, weight: section.title ? 4 : 40 },
    { text: section.text, weight: 1 },
  ].map(({ text, weight }) => ({ weight, words: words(text.toLowerCase()).map((word) => [word, stem(word)]) }));
  return { ...section, fields };
}

function scoreOf(section, term) { // whole words count twice as much as beginnings, in every form; more often counts a little more
  const termStem = stem(term);
  let score = 0;
  for (const field of section.fields) {
    let hits = 0;
    for (const [word, form] of field.words) {
      if (form === termStem) hits += 2;
      else if (word.startsWith(term)) hits += 1;
    }
    score += field.weight * Math.log2(1 + hits);
  }
  return section.url.includes("/") ? score : 2 * score; // chapters before other pages
}

function find(all, query) { // sections with all of the words; if there are none, with any of them
  let terms = words(query.toLowerCase());
  const telling = terms.filter((term) => !IDLE_WORDS.has(term));
  if (telling.length) terms = telling;
  const ranked = all.map((section) => ({ section, scores: terms.map((term) => scoreOf(section, term)) }));
  const some = ranked.filter(({ scores }) => scores.some((score) => score > 0));
  const whole = some.filter(({ scores }) => scores.every((score) => score > 0));
  const total = (scores) => scores.reduce((sum, score) => sum + Math.sqrt(score), 0); // every word counts, none alone
  return (whole.length ? whole : some)
    .sort((one, other) => total(other.scores) - total(one.scores))
    .map(({ section }) => ({ ...section, terms }));
}
