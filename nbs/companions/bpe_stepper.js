/* The BPE stepper of chapter 2: a vocabulary that grows by one merge a press, for two texts beside
   each other. The rule is that of `learn_merges`: of all neighbours inside of pieces the most
   frequent pair is joined, in a tie the one with the smaller ids. */

(() => {
	"use strict";

	const words = globalThis.companionWords?.bpe ?? {
		merge: "Merge",
		ten: "Ten merges",
		again: "From the beginning",
		texts: ["An English text", "A Chinese text"],
		next: (left, right, count) => `Next: ${left} and ${right}, ${count} times`,
		finished: "No pair occurs twice any more.",
		facts: (bytes, tokens, ratio) => `${bytes} bytes are ${tokens} tokens: ${ratio} bytes a token`,
		vocabulary: (size, newest) => `Vocabulary: ${size}${newest ? `, the newest is ${newest}` : ", the bytes"}`,
		chart: "Bytes a token against merges: a solid line for the first text, a dashed one for the second",
		axis: (merges) => `${merges} merges`,
	};
	const samples = [
		"the cat sat on the mat, and the rat sat on the cat; then the cat and the rat ran to the mat.",
		"春天的花开了，春天的风来了。夏天的花开了，夏天的雨来了。秋天的风来了，冬天的雪来了。",
	];
	const pattern = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

	function make(tag, attributes = {}, ...children) {
		const space = ["svg", "path", "text"].includes(tag) ? "2000/svg" : "1999/xhtml";
		const node = document.createElementNS(`http://www.w3.org/${space}`, tag);
		for (const [name, value] of Object.entries(attributes)) {
			if (name.startsWith("on")) node[name] = value;
			else node.setAttribute(name, value);
		}
		node.append(...children);
		return node;
	}

	// ---- The rule ----

	/** A text as pieces, each a list of ids; an id below 256 is a byte. */
	function piecesOf(text) {
		return [...text.matchAll(pattern)].map(([piece]) => [...new TextEncoder().encode(piece)]);
	}

	/** How often each pair of neighbours occurs: [first, second, count], the winner first. */
	function countPairs(pieces) {
		const counts = new Map();
		for (const ids of pieces) {
			for (let i = 0; i + 1 < ids.length; i++) {
				const pair = `${ids[i]} ${ids[i + 1]}`;
				counts.set(pair, (counts.get(pair) ?? 0) + 1);
			}
		}
		const rows = [...counts].map(([pair, count]) => [...pair.split(" ").map(Number), count]);
		return rows.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
	}

	/** The pieces with a pair joined under a new id, from left to right. */
	function joinPair(pieces, first, second, id) {
		return pieces.map((ids) => {
			const joined = [];
			for (let i = 0; i < ids.length; i++) {
				const here = ids[i] === first && ids[i + 1] === second;
				joined.push(here ? id : ids[i]);
				if (here) i += 1;
			}
			return joined;
		});
	}

	/** One text on its way: its pieces, the merges so far, and how many bytes a token had when. */
	class Training {
		constructor(text) {
			this.pieces = piecesOf(text);
			this.bytes = this.pieces.flat().length;
			this.tokens = Array.from({ length: 256 }, (_, byte) => [byte]);
			this.history = [1];
			this.pairs = countPairs(this.pieces);
		}

		get winner() {
			return this.pairs[0]?.[2] > 1 ? this.pairs[0] : null;
		}

		merge() {
			if (!this.winner) return;
			const [first, second] = this.winner;
			this.pieces = joinPair(this.pieces, first, second, this.tokens.length);
			this.tokens.push([...this.tokens[first], ...this.tokens[second]]);
			this.history.push(this.bytes / this.pieces.flat().length);
			this.pairs = countPairs(this.pieces);
		}
	}

	// ---- What one sees ----

	const hex = (byte) => byte.toString(16).toUpperCase().padStart(2, "0");

	/** A token as text: white space gets a sign, half a character at its end stays bytes. */
	function readable(bytes) {
		for (let whole = bytes.length; whole >= 0; whole--) {
			const text = new TextDecoder().decode(Uint8Array.from(bytes.slice(0, whole)));
			if (text.includes("\ufffd")) continue;
			const rest = bytes.slice(whole).map(hex).join(" ");
			return text.replaceAll("\n", "↵").replaceAll(" ", "␣") + (rest && `⟨${rest}⟩`);
		}
	}

	function side(name, sample, changed) {
		const area = make("textarea", { "aria-label": name, spellcheck: false });
		const facts = make("p", { class: "quiet" });
		const tokens = make("div", { class: "tokens", tabindex: 0, role: "group", "aria-label": name });
		const next = make("p", { "aria-live": "polite" });
		const pairs = make("ol", { class: "pairs" });
		const vocabulary = make("p", { class: "quiet" });
		area.value = sample;
		area.oninput = () => changed();

		function show(training) {
			const { pieces, winner } = training;
			const n = pieces.flat().length;
			const newest = training.tokens.length > 256 ? training.tokens.length - 1 : -1;
			facts.textContent = words.facts(training.bytes, n, (training.bytes / Math.max(1, n)).toFixed(2));
			tokens.replaceChildren(...pieces.flatMap((ids) => ids.map((id, i) => {
				const joins = winner && ((id === winner[0] && ids[i + 1] === winner[1]) || (id === winner[1] && ids[i - 1] === winner[0]));
				const kind = joins ? "next" : id === newest ? "newest" : "plain";
				return make("span", { class: kind }, readable(training.tokens[id]));
			})));
			const names = winner?.slice(0, 2).map((id) => `“${readable(training.tokens[id])}”`);
			next.textContent = winner ? words.next(...names, winner[2]) : words.finished;
			pairs.replaceChildren(...training.pairs.slice(0, 5).map(([first, second, count]) => {
				const label = [first, second].map((id) => readable(training.tokens[id])).join(" + ");
				const bar = make("i", { style: `--bar: ${count / training.pairs[0][2]}` });
				return make("li", {}, make("b", {}, label), bar, make("span", {}, String(count)));
			}));
			vocabulary.textContent = words.vocabulary(training.tokens.length, newest < 0 ? "" : `“${readable(training.tokens[newest])}”`);
		}
		return { node: make("div", { class: "side" }, make("h4", {}, name), area, facts, tokens, next, pairs, vocabulary), area, show };
	}

	function drawChart(chart, trainings) {
		const [width, height] = [600, 130];
		const longest = Math.max(10, ...trainings.map(({ history }) => history.length - 1));
		const highest = Math.max(2, ...trainings.flatMap(({ history }) => history));
		const place = (value, i) => `${(i / longest) * width},${height - ((value - 1) / (highest - 1)) * height}`;
		const lines = trainings.map(({ history }, i) => (
			make("path", { class: i ? "second" : "first", d: `M${history.map(place).join("L")}` })));
		chart.replaceChildren(make("path", { class: "axis", d: `M0,0V${height}H${width}` }), ...lines,
			make("text", { x: 6, y: 12 }, highest.toFixed(1)), make("text", { x: 6, y: height - 6 }, "1"),
			make("text", { x: width, y: height - 6, "text-anchor": "end" }, words.axis(longest)));
	}

	function start(root) {
		let trainings = [];
		const sides = words.texts.map((name, i) => side(name, samples[i], restart));
		const chart = make("svg", { class: "chart", viewBox: "0 0 600 130", role: "img", "aria-label": words.chart });
		const buttons = [[words.merge, 1, "main"], [words.ten, 10, ""]].map(([label, n, kind]) => (
			make("button", { type: "button", class: kind, onclick: () => merge(n) }, label)));

		function show() {
			sides.forEach((one, i) => one.show(trainings[i]));
			drawChart(chart, trainings);
			for (const one of buttons) one.disabled = trainings.every(({ winner }) => !winner);
		}

		function merge(n) {
			for (let i = 0; i < n; i++) trainings.forEach((training) => training.merge());
			show();
		}

		function restart() {
			trainings = sides.map(({ area }) => new Training(area.value.slice(0, 5000)));
			show();
		}
		const again = make("button", { type: "button", onclick: restart }, words.again);
		root.replaceChildren(make("div", { class: "controls" }, ...buttons, again),
			make("div", { class: "sides" }, ...sides.map(({ node }) => node)), chart);
		restart();
	}

	for (const root of document.querySelectorAll(".bpe-stepper")) start(root);

	/** For the tests: the pairs that a text's first n merges join. */
	window.learnMerges = (text, n) => {
		const training = new Training(text);
		const merges = [];
		while (merges.length < n && training.winner) {
			merges.push(training.winner.slice(0, 2));
			training.merge();
		}
		return merges;
	};
})();
