/* The page: what one sees of the model, and what one may do to it. The model answers from a worker
   (worker.js), sentences stand in words.js. A panel is built once; its `show` asks the worker and
   fills it. Panels out of sight wait until they are seen. */

(() => {
"use strict";

const root = document.querySelector(".explorer");
const words = explorerWords[document.documentElement.lang] ?? explorerWords.en;
const folder = root.dataset.folder ?? "";
const narrow = () => root.clientWidth < 620;

let runs = []; // the models that may be chosen
let run = 0; // the chosen one
let engine; // the worker that it lives in
let tokens = []; // the text: {id, bytes, text}
let written = ""; // the same as a string
let first = 0; // the first token that the model still sees
let writing = false;
let random; // the dice
const headsOff = new Set(); // "block.head"
const blocksOff = new Set();

// ---- Elements ----

/** make("p.help", { … }, ...children): an element with a class. */
function make(kind, attributes, ...children) {
	const [tag, name] = kind.split(".");
	const space = ["svg", "path"].includes(tag) ? "2000/svg" : "1999/xhtml";
	const node = document.createElementNS(`http://www.w3.org/${space}`, tag);
	if (name) node.setAttribute("class", name);
	for (const [key, value] of Object.entries(attributes ?? {})) {
		if (key.startsWith("on")) node[key] = value;
		else node.setAttribute(key, value);
	}
	node.append(...children);
	return node;
}

const button = (label, onclick, attributes) => make("button", { onclick, ...attributes }, label);
const group = (kind, label) => make(kind, { role: "group", "aria-label": label });
const selection = (label, onchange, ...options) => make("label.field", {}, label, make("select", { onchange }, ...options));
const runOptions = () => runs.map(({ name }, place) => make("option", { value: place }, name));

/** New children, with the keyboard where it was. */
function refill(box, children) {
	const place = [...box.children].findIndex((child) => child.contains(document.activeElement));
	box.replaceChildren(...children);
	const child = place >= 0 && box.children[Math.min(place, children.length - 1)];
	if (child) (child.querySelector("button, input") ?? child).focus();
}

function slider(label, attributes, shown, changed) {
	const output = make("output");
	const input = make("input", { type: "range", ...attributes });
	const value = () => Number(input.value);
	input.oninput = () => {
		input.ariaValueText = output.value = shown(value());
		changed?.();
	};
	output.value = shown(value());
	return { node: make("label.slider", {}, make("span", {}, label), output, input), value };
}

/** Many buttons are one stop of the tab key; arrows lead from one to the next. */
function arrowKeys(box, columns = () => 1) {
	const all = () => [...box.querySelectorAll("button")];
	box.onkeydown = ({ key }) => {
		const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() };
		all()[all().indexOf(document.activeElement) + steps[key]]?.focus();
	};
	box.addEventListener("focusin", ({ target }) => {
		for (const one of all()) one.tabIndex = one === target ? 0 : -1;
	});
	return box;
}

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const number = (value, maximumFractionDigits = 0) => value.toLocaleString("en", { maximumFractionDigits });
const hex = (bytes) => bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
const sum = (values) => values.reduce((total, value) => total + value, 0);
const bytesOf = (list) => sum(list.map(({ bytes }) => bytes.length));
const idsOf = (list) => list.map(({ id }) => id);

/** A token as readable text: white space gets a sign, half a character its bytes. */
function readable({ text, bytes }) {
	if (text.includes("\ufffd")) return `⟨${hex(bytes)}⟩`;
	const signs = text.replaceAll("\n", "↵").replaceAll("\t", "⇥");
	return signs.trim() ? signs : signs.replaceAll(" ", "␣");
}

/** A row for each token: its name, a bar, a number. With `take` a row is a button. */
function bars(list, shown, take, largest = Math.max(...list.flatMap(({ chosen, plain }) => [chosen, plain]))) {
	return list.map((token, place) => {
		const parts = [
			make("span.name", {}, readable(token)),
			make("span.track", { style: `--bar: ${token.chosen / largest}; --mark: ${token.plain / largest}` }),
			make("span.share", {}, shown(token.chosen)),
		];
		if (!take) return make("li.bar", {}, ...parts);
		const label = words.take(readable(token), shown(token.chosen));
		const attributes = { "aria-label": label, tabindex: place ? -1 : 0, onclick: () => take(token) };
		return make("li", {}, make("button.bar", attributes, ...parts));
	});
}

/** A matrix as a picture, a pixel a number: positive ones are blue, negative ones orange. */
function paint(canvas, rows, columns, valueAt) {
	Object.assign(canvas, { width: columns, height: rows });
	const context = canvas.getContext("2d");
	for (let place = 0; place < rows * columns; place++) {
		const [row, column] = [Math.floor(place / columns), place % columns];
		const value = valueAt(row, column);
		context.globalAlpha = Math.min(1, Math.abs(value));
		context.fillStyle = value > 0 ? "#2f74d0" : "#e0731d";
		context.fillRect(column, row, 1, 1);
	}
}

// ---- Models ----

const scripts = {}; // what script files have brought, where a page cannot fetch
window.explorerFile = (path, content) => { scripts[path] = content; };

/** A file as a Response; in a folder that was written out it hides in a script. */
async function open(path) {
	if ("scripts" in root.dataset) {
		const src = `${folder}${path}.js`;
		await new Promise((onload) => { document.head.append(make("script", { src, onload, onerror: onload })); });
	}
	const response = await fetch(path in scripts ? `data:;base64,${scripts[path]}` : folder + path).catch(() => null);
	if (!response?.ok) throw new Error(words.missing(path));
	return response;
}

/** A model in a worker of its own, whose source is that of three functions. */
class Engine {
	constructor() {
		const source = `${modelParts}\n${tokenizerParts}\n(${explorerWorker})()`;
		this.worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
		this.waiting = [];
		this.worker.onmessage = ({ data }) => {
			const { resolve, reject, progress } = this.waiting[data.place];
			if ("progress" in data) progress?.(data.progress);
			else if ("error" in data) reject(new Error(data.error));
			else resolve(data.result);
		};
	}

	ask(command, details, progress) {
		return new Promise((resolve, reject) => {
			const place = this.waiting.push({ resolve, reject, progress }) - 1;
			this.worker.postMessage({ place, command, ...details });
		});
	}

	async load(files) {
		const description = await (await open(files.tokenizer)).json();
		this.config = await (await open(files.config)).json();
		const weights = await (await open(files.weights)).arrayBuffer();
		await this.ask("load", { config: this.config, description, weights });
		return this;
	}
}

const ask = (...question) => engine.ask(...question);

/** Random numbers that a seed repeats (Marsaglia's xorshift). */
function dice(seed) {
	let state = Math.imul(seed, 0x9e3779b9) || 1;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
}

// ---- What happens ----

const problem = make("p.problem", { role: "alert" });
const status = make("p.facts", { role: "status" }, words.loading);
let queue = Promise.resolve();

/** One thing after the other; what goes wrong becomes a sentence, until a text is read again. */
function inTurn(action) {
	queue = queue.then(action).catch((error) => {
		writing = false;
		problem.textContent = (engine ? "" : words.broken) + error.message;
	});
	return queue;
}

/** Take another text, as a string; what is typed on meanwhile is taken instead. */
function rewrite(text) {
	[written, writing] = [text, false];
	return inTurn(async () => {
		if (written !== text) return;
		({ tokens } = await ask("encode", { text }));
		await read();
	});
}

/** Take another text, as tokens. */
function setTokens(list) {
	writing = false;
	inTurn(async () => {
		tokens = list;
		written = await ask("decode", { ids: idsOf(tokens) });
		await read();
	});
}

async function read() {
	problem.textContent = "";
	const off = { headsOff: [...headsOff], blocksOff: [...blocksOff] };
	({ first } = await ask("read", { ids: idsOf(tokens), ...off }));
	await showAll();
}

async function addToken(n) {
	const { token, seen } = await ask("draw", { sampling: sampling(), random: random() });
	[tokens, first] = [[...tokens, token], seen];
	written = await ask("decode", { ids: idsOf(tokens) });
	await showAll(n);
}

/** Token after token at the chosen speed; panels are shown now and then. */
async function write() {
	writing = true;
	const begun = performance.now();
	let [count, some, all] = [0, begun, begun]; // tokens; when some panels were shown, when all
	while (writing) {
		const now = performance.now();
		let n = now - some > 30 ? 2 : 0;
		if (now - all > 250) n = panels.length;
		if (n) some = now;
		if (n > 2) all = now;
		await inTurn(() => addToken(n));
		count += 1;
		measured = (1000 * count) / (performance.now() - begun);
		const pause = now + 1000 / speed() - performance.now();
		if (speed() < 31) await new Promise((resolve) => { setTimeout(resolve, pause); });
	}
	await inTurn(() => showAll());
}

function choose(place) {
	writing = false;
	return inTurn(async () => {
		const chosen = await new Engine().load(runs[place]);
		engine?.worker.terminate();
		[engine, run] = [chosen, place];
		headsOff.clear();
		blocksOff.clear();
	});
}

// ---- Panels ----

function panel(name, chapter, ...children) {
	const link = make("a", { href: `${root.dataset.site}${chapter}.html` }, words.chapter(chapter));
	const help = make("p.help", {}, make("span", {}, words[`${name}Help`] ?? ""), " ", link);
	return make("section", { class: `panel ${name}` }, make("h2", {}, words[name]), help, ...children);
}

let speed; // tokens a second, as chosen
let measured = 0; // and as it was
let seed; // of the dice

function textPanel() {
	const area = make("textarea", { "aria-label": words.text, rows: 3, spellcheck: false });
	const strip = arrowKeys(group("div.tokens", words.tokens));
	const readout = make("p.readout");
	const play = make("button.main", { onclick: () => (writing ? (writing = false) : write()) }, words.write);
	const one = button(words.one, () => inTurn(() => addToken()));
	const pace = slider(words.speed, { min: 1, max: 31, value: 12 }, words.speedValue);
	const throwDice = () => { random = dice(seed()); };
	const dots = make("input", { type: "number", value: 1, title: words.seedHelp, onchange: throwDice });
	[speed, seed] = [pace.value, () => Number(dots.value)];
	throwDice();
	area.oninput = () => rewrite(area.value);

	function chip(token, place) {
		const far = place < first;
		const facts = words.token(readable(token), token.id, hex(token.bytes)) + (far ? words.outOfSight : "");
		const say = () => { readout.textContent = facts; };
		return button(readable(token), () => setTokens(tokens.slice(0, place + 1)), {
			class: `token ${far ? "far" : "near"}`, style: `--hue: ${place * 100}`, tabindex: place ? -1 : 0,
			"aria-label": `${facts}: ${words.cutHere}`, onfocus: say, onpointerenter: say });
	}

	function show() {
		refill(strip, tokens.map(chip));
		const speeds = writing ? words.measured(number(measured)) : "";
		readout.textContent = words.counts(number(tokens.length), number(bytesOf(tokens))) + speeds;
		play.textContent = writing ? words.pause : words.write;
		if (written !== area.value) area.value = written;
		if (writing) strip.scrollTop = strip.scrollHeight;
	}
	const controls = make("div.controls", {}, play, one, pace.node, make("label.field", {}, words.seed, dots));
	return { node: panel("text", "tokenizer", area, strip, readout, controls), show };
}

let sampling; // what the sliders say, in the names of chapter 9

function nextPanel() {
	const list = arrowKeys(make("ol.bars"));
	const rest = make("p.readout");
	const again = () => inTurn(show);
	const counts = [1, 2, 3, 5, 10, 20, 40, 100, 200, 1000, null];
	const temperature = slider(words.temperature, { min: 0, max: 2, step: 0.05, value: 0.8 }, (value) => value.toFixed(2), again);
	const topK = slider(words.topK, { min: 0, max: 10, value: 6 }, (place) => counts[place] ?? words.all, again);
	const topP = slider(words.topP, { min: 0.05, max: 1, step: 0.05, value: 1 }, percent, again);
	sampling = () => ({ temperature: temperature.value(), top_k: counts[topK.value()], top_p: topP.value() });

	async function show() {
		const likeliest = await ask("likeliest", { sampling: sampling(), n: 10 });
		refill(list, bars(likeliest, percent, (token) => setTokens([...tokens, token])));
		const others = Math.max(0, 1 - sum(likeliest.map(({ chosen }) => chosen)));
		rest.textContent = words.rest(number(engine.config.model.vocab_size - likeliest.length), percent(others));
	}
	const controls = make("div.controls", {}, temperature.node, topK.node, topP.node);
	return { node: panel("next", "generation", controls, list, rest), show };
}

function attentionPanel() {
	const arcs = make("svg", { "aria-hidden": true });
	const strip = arrowKeys(group("div.strip", words.tokens));
	const said = make("p.said", { "aria-live": "polite" });
	const heads = () => engine.config.model.n_heads;
	const small = arrowKeys(group("div.heads", words.heads), heads);
	const [title, switches, mark] = [make("h3"), make("div.controls"), make("div.pointed")];
	const large = make("canvas");
	const [columnNames, rowNames] = ["across", "down"].map((name) => make(`div.${name}`, { "aria-hidden": true }));
	const map = make("div.map", {}, columnNames, rowNames, make("div.canvas", {}, large, mark));
	let maps, size, start; // of each head a (size, size) map; the first token that they show
	let [layer, head, query] = [0, 0, 0]; // what is looked at

	const weight = (row, column, place = layer * heads() + head) => maps[(place * size + row) * size + column];
	const name = (place) => readable(tokens[start + place]).trim();

	function toggle(set, key, label) {
		const onchange = () => {
			if (!set.delete(key)) set.add(key);
			inTurn(read);
		};
		const input = make("input", { type: "checkbox", onchange });
		input.checked = !set.has(key);
		return make("label.field", {}, input, label);
	}

	function smallMap(place) {
		const [block, own] = [Math.floor(place / heads()), place % heads()];
		const off = blocksOff.has(block) || headsOff.has(`${block}.${own}`);
		const chosen = block === layer && own === head;
		const look = () => {
			[layer, head] = [block, own];
			draw();
		};
		const canvas = make("canvas");
		paint(canvas, size, size, (row, column) => Math.sqrt(weight(row, column, place)));
		return button(canvas, look, { class: off ? "off" : "on", "aria-pressed": chosen, tabindex: chosen ? 0 : -1,
			"aria-label": words.head(block + 1, own + 1) + (off ? words.off : "") });
	}

	/** Where the chosen token looks: arcs, colours, a sentence. */
	function drawQuery(place) {
		query = place;
		const shares = Array.from({ length: size }, (_, key) => ({ key, share: weight(query, key) }));
		const most = shares.toSorted((a, b) => b.share - a.share).slice(0, 3).filter(({ share }) => share > 0.005);
		const list = most.map(({ key, share }) => `“${name(key)}” ${percent(share)}`).join(", ");
		said.textContent = list ? words.looks(name(query), list) : words.silent;
		Object.assign(mark.style, { top: `${(100 * query) / size}%`, height: `${100 / size}%` });
		const middle = (key) => strip.children[key].offsetLeft + strip.children[key].offsetWidth / 2;
		const height = arcs.clientHeight;
		arcs.style.width = `${strip.scrollWidth}px`;
		arcs.replaceChildren(...shares.filter(({ share }) => share > 0.02).map(({ key, share }) => {
			const [from, to] = [middle(query) + 3, middle(key) - 3];
			const top = Math.max(-0.9 * height, height - 20 - (from - to) * 0.6);
			const d = `M${from} ${height} Q${(from + to) / 2} ${top} ${to} ${height}`;
			return make("path", { d, "stroke-width": 1 + 6 * share, "stroke-opacity": 0.3 + 0.7 * share });
		}));
		[...strip.children].forEach((one, key) => {
			one.ariaPressed = key === query;
			one.style.setProperty("--share", shares[key].share);
		});
	}

	function draw() {
		const { n_layers: layers } = engine.config.model;
		[layer, head] = [Math.min(layer, layers - 1), Math.min(head, heads() - 1)];
		small.style.setProperty("--heads", heads());
		refill(small, Array.from({ length: layers * heads() }, (_, place) => smallMap(place)));
		title.textContent = words.head(layer + 1, head + 1);
		const own = toggle(headsOff, `${layer}.${head}`, words.headOn);
		refill(switches, [own, toggle(blocksOff, layer, words.blockOn(layer + 1))]);
		large.ariaLabel = title.textContent;
		large.role = "img";
		map.style.setProperty("--size", size);
		paint(large, size, size, (row, column) => Math.sqrt(weight(row, column)));
		const names = tokens.slice(start, start + size).map(readable);
		for (const box of [rowNames, columnNames]) box.replaceChildren(...names.map((one) => make("span", {}, one)));
		refill(strip, names.map((one, place) => {
			const point = () => drawQuery(place);
			const tabindex = place === query ? 0 : -1;
			return button(one, point, { class: "token", tabindex, onfocus: point, onpointerenter: point });
		}));
		drawQuery(query);
	}

	large.onpointermove = ({ offsetY }) => {
		drawQuery(Math.max(0, Math.min(size - 1, Math.floor((offsetY / large.clientHeight) * size))));
	};

	async function show() {
		const end = start + size;
		({ maps, size, start } = await ask("attention", { n: narrow() ? 12 : 24 }));
		const moved = start + size !== end;
		if (moved) query = size - 1;
		draw();
		if (moved) strip.parentNode.scrollLeft = strip.scrollWidth;
	}
	const sides = make("div.sides", {}, make("div.choice", {}, small, title, switches), map);
	return { node: panel("attention", "attention", make("div.over", {}, arcs, strip), said, sides), show };
}

function lensPanel() {
	const table = make("table");

	async function show() {
		const { start, guesses } = await ask("lens", { n: narrow() ? 3 : 8 });
		const head = guesses[0].map((_, i) => make("th", { scope: "col" }, readable(tokens[start + i])));
		const cell = (guess, i) => {
			const right = tokens[start + i + 1]?.id === guess.id ? " ✓" : "";
			const share = make("small", {}, percent(guess.probability) + right);
			return make("td", { style: `--share: ${guess.probability}` }, readable(guess), share);
		};
		const rows = guesses.map((row, layer) => (
			make("tr", {}, make("th", { scope: "row" }, words.lensRow(layer)), ...row.map(cell))));
		table.replaceChildren(make("tr", {}, make("td"), ...head), ...rows);
	}
	return { node: panel("lens", "model", make("div.wide", { tabindex: 0 }, table)), show };
}

function surprisePanel() {
	const total = make("p.total");
	const list = make("div.surprises", { role: "list", tabindex: 0, "aria-label": words.surprise });

	/** Long texts take long: nobody waits for this one. */
	async function fill() {
		const known = tokens;
		const progress = (share) => { total.textContent = words.reading(percent(share)); };
		const bits = await ask("surprises", { ids: idsOf(known) }, progress);
		if (!bits) return; // another text came in between
		const [all, bytes] = [sum(bits), bytesOf(known.slice(1))];
		const numbers = [number(all / bytes, 3), number(all, 1), number(bytes), number(all / bits.length, 2)];
		total.textContent = bits.length ? words.total(...numbers) : words.tooShort;
		total.dataset.bitsPerByte = all / bytes;
		list.replaceChildren(...known.slice(0, 3000).map((token, place) => {
			const value = place ? bits[place - 1] : 0;
			const title = place ? words.bits(value.toFixed(1)) : "";
			const style = `--bits: ${Math.min(12, value)}`;
			return make("span", { role: "listitem", title, style }, readable(token), make("i", {}, title));
		}));
	}
	return { node: panel("surprise", "training", total, list), show: () => { fill(); } };
}

function neighboursPanel() {
	const field = selection(words.neighboursOf, () => inTurn(fill));
	const select = field.lastChild;
	const list = make("ol.bars");

	async function fill() {
		const near = await ask("neighbours", { id: Number(select.value), n: 8 });
		list.replaceChildren(...bars(near, (cosine) => cosine.toFixed(2), null, 1));
	}

	async function show() {
		const latest = new Map([...tokens].reverse().map((token) => [token.id, readable(token)]));
		select.replaceChildren(...[...latest].slice(0, 60).map(([value, name]) => make("option", { value }, name)));
		await fill();
	}
	return { node: panel("neighbours", "model", field, list), show };
}

function positionsPanel() {
	const canvas = make("canvas", { role: "img", "aria-label": words.positions });
	const node = panel("positions", "positions", canvas);

	async function show() {
		const rows = await ask("positions");
		const largest = Math.max(...rows.map((row) => Math.max(...row.map(Math.abs))));
		node.querySelector(".help span").textContent = words[engine.config.model.position];
		paint(canvas, rows.length, rows[0].length, (row, column) => rows[row][column] / largest);
	}
	return { node, show };
}

function comparePanel() {
	const field = selection(words.other, () => inTurn(meet), make("option", { value: "" }, words.nobody), ...runOptions());
	const select = field.lastChild;
	const sides = make("div.pair");
	const both = button(words.both, () => inTurn(writeBoth));
	let other;

	async function meet() {
		other?.worker.terminate();
		other = select.value && await new Engine().load(runs[select.value]);
		await show();
	}

	/** Both models read the text and answer one question. */
	async function askBoth(question) {
		const { ids } = await other.ask("encode", { text: written });
		await other.ask("read", { ids, headsOff: [], blocksOff: [] });
		return [await question(engine), await question(other)];
	}

	async function show() {
		both.hidden = !other;
		sides.replaceChildren();
		if (!other) return;
		const answers = await askBoth((one) => one.ask("likeliest", { sampling: sampling(), n: 8 }));
		sides.append(...answers.map((likeliest, i) => make("div", {},
			make("h3", {}, runs[i ? select.value : run].name),
			make("ol.bars", {}, ...bars(likeliest, percent)),
			make("p.written"))));
	}

	async function writeBoth() {
		writing = false;
		const texts = await askBoth(async (one) => {
			const [ids, thrown] = [[], dice(seed())];
			while (ids.length < 20) {
				const { token } = await one.ask("draw", { sampling: sampling(), random: thrown() });
				ids.push(token.id);
			}
			return one.ask("decode", { ids });
		});
		await read();
		texts.forEach((text, i) => { sides.children[i].lastChild.textContent = `… ${text}`; });
	}
	return { node: panel("compare", "training", make("div.controls", {}, field, both), sides), show };
}

let panels = []; // first the text and the next token, which cost little
const stale = new Set(); // panels that show an older text

async function showAll(n) {
	for (const one of panels) stale.add(one);
	await showStale(n);
}

/** Show the first n panels, or all, that are in sight. */
async function showStale(n = panels.length) {
	for (const one of panels.slice(0, n)) {
		const { top, bottom } = one.node.getBoundingClientRect();
		if (bottom > -200 && top < innerHeight + 200 && stale.has(one)) {
			stale.delete(one);
			await one.show();
		}
	}
}

/** Show the facts about the chosen model, and the text in its tokens. */
async function greet() {
	const { model, parameters, number_format: format, prompt } = engine.config;
	const counts = [model.n_layers, model.n_heads, model.d_model, model.vocab_size, parameters, model.context_length];
	status.lastChild.textContent = words.facts(...counts.map((count) => number(count)), format);
	await rewrite(written || prompt);
}

async function start() {
	const still = [...root.childNodes]; // what stands there without JavaScript
	root.prepend(problem, status);
	await inTurn(async () => { runs = await (await open("runs.json")).json(); });
	if (runs.length) await choose(0);
	status.textContent = "";
	if (!engine) return;
	for (const node of still) node.remove();
	const another = ({ target }) => choose(target.value).then(greet);
	status.replaceChildren(selection(words.run, another, ...runOptions()), make("span"));
	const all = [textPanel, nextPanel, attentionPanel, lensPanel, surprisePanel, neighboursPanel, positionsPanel];
	if (runs.length > 1) all.push(comparePanel);
	panels = all.map((build) => build());
	root.append(make("div.panels", {}, ...panels.map(({ node }) => node)));
	for (const event of ["scroll", "resize"]) addEventListener(event, () => inTurn(() => showStale()));
	await greet();
	root.dataset.ready = "";
}

start();
})();
