/* The attention sandbox of chapter 4: six tokens whose queries and keys can be moved about, and the
   weights that follow, with the slips of the chapter as switches. Rows that do not sum to one turn red. */

(() => {
	"use strict";

	const words = globalThis.companionWords?.attention ?? {
		help: "Move queries (squares) and keys (circles) with the pointer or, one at a time, with the arrow keys. A key is as large as the weight that the chosen query gives it.",
		scale: "divide by √K",
		mask: "mask",
		masks: { before: "before the softmax", after: "after the softmax", none: "none" },
		heads: "two heads",
		head: (number) => `Head ${number}`,
		query: (name) => `query of ${name}`,
		key: (name) => `key of ${name}`,
		at: (label, [x, y]) => `${label}, at ${x.toFixed(1)} and ${y.toFixed(1)}; arrow keys move it`,
		sum: "sum",
		choose: (name) => `choose ${name}`,
		right: "Every row sums to one: each token shares out its whole attention.",
		wrong: (names) => `The rows of ${names} do not sum to one: what the mask removed after the softmax is missing.`,
		future: "Without a mask every token sees the ones behind it, which it is asked to predict.",
	};
	const names = ["the", "cat", "sees", "the", "small", "dog"];
	const K = 2; // width of a query: a point in the plane
	const SIZE = 320; // of the drawing, for coordinates from -4 to 4
	const beginning = [
		{ queries: [[1, 1], [2.4, 0.6], [-2, 2], [0.6, -1.4], [1.8, -2.2], [-1.2, 2.6]],
			keys: [[0.4, 0.8], [2.6, 2], [-1.8, 1.4], [0.8, -0.6], [2.6, -1.6], [-2.2, -2.2]] },
		{ queries: [[-1, 0.4], [0.6, 2.6], [2.2, -1], [-2.4, -1], [0.8, 1.2], [2.6, 0.8]],
			keys: [[1.8, -1.8], [0.8, 2.2], [2.4, 0.6], [-1.6, -1.4], [-0.6, 1.8], [-2.4, 1.6]] },
	];

	function make(tag, attributes = {}, ...children) {
		const drawn = ["svg", "g", "path", "text", "circle", "rect"].includes(tag);
		const node = document.createElementNS(`http://www.w3.org/${drawn ? "2000/svg" : "1999/xhtml"}`, tag);
		for (const [name, value] of Object.entries(attributes)) {
			if (name.startsWith("on")) node[name] = value;
			else node.setAttribute(name, value);
		}
		node.append(...children);
		return node;
	}

	// ---- The rule: softmax(Q Kᵀ / √K), and its slips ----

	function softmax(scores) {
		const largest = Math.max(...scores);
		const powers = scores.map((score) => Math.exp(score - largest));
		const sum = powers.reduce((total, power) => total + power, 0);
		return powers.map((power) => power / sum);
	}

	/** The weights of each query over all keys; `mask` is before, after or none. */
	function attentionWeights(queries, keys, { scale, mask }) {
		return queries.map((query, row) => {
			const scores = keys.map((key, column) => {
				if (mask === "before" && column > row) return -Infinity;
				const product = query[0] * key[0] + query[1] * key[1];
				return scale ? product / Math.sqrt(K) : product;
			});
			return softmax(scores).map((weight, column) => (mask === "after" && column > row ? 0 : weight));
		});
	}

	// ---- What one sees ----

	const toPixels = ([x, y]) => [SIZE / 2 + (x * SIZE) / 8, SIZE / 2 - (y * SIZE) / 8];
	const limited = (value) => Math.max(-3.8, Math.min(3.8, Math.round(value * 10) / 10));

	/** The plane of one head. Its points are made once and moved, so that the keyboard keeps its place. */
	function plane(head, state, changed) {
		const arrow = make("path", { class: "arrow" });
		const svg = make("svg", { class: "plane", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "group", "aria-label": words.head(head + 1) },
			make("path", { class: "axis", d: `M0 ${SIZE / 2}H${SIZE}M${SIZE / 2} 0V${SIZE}` }), arrow);

		function point(kind, i) {
			const shape = kind === "key" ? make("circle", { r: 8 }) : make("rect", { x: -7, y: -7, width: 14, height: 14, rx: 3 });
			const label = make("text", { x: 11, y: -9, "aria-hidden": true }, `${kind === "key" ? "k" : "q"}${i + 1}`);
			const group = make("g", { class: kind, tabindex: 0, role: "button" }, shape, label);
			const list = kind === "key" ? state.heads[head].keys : state.heads[head].queries;
			const place = ([x, y]) => {
				list[i] = [limited(x), limited(y)];
				changed();
			};
			const choose = () => {
				if (kind === "query") state.chosen = i;
				changed();
			};
			group.onfocus = choose;
			group.onkeydown = (event) => {
				const steps = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] };
				if (!steps[event.key]) return;
				event.preventDefault();
				place(list[i].map((value, axis) => value + steps[event.key][axis]));
			};
			group.onpointerdown = (event) => {
				group.setPointerCapture(event.pointerId);
				choose();
			};
			group.onpointermove = (event) => {
				if (!group.hasPointerCapture(event.pointerId)) return;
				const box = svg.getBoundingClientRect();
				place([((event.clientX - box.left) / box.width) * 8 - 4, 4 - ((event.clientY - box.top) / box.height) * 8]);
			};
			return { group, shape, kind, i, list };
		}
		const points = ["key", "query"].flatMap((kind) => names.map((_, i) => point(kind, i)));
		svg.append(...points.map(({ group }) => group));

		function show(weights) {
			for (const { group, shape, kind, i, list } of points) {
				group.setAttribute("transform", `translate(${toPixels(list[i]).join(" ")})`);
				group.setAttribute("aria-label", words.at(words[kind](names[i]), list[i]));
				if (kind === "key") shape.setAttribute("r", 5 + 16 * Math.sqrt(weights[state.chosen][i]));
				else group.classList.toggle("chosen", i === state.chosen);
			}
			arrow.setAttribute("d", `M${SIZE / 2} ${SIZE / 2}L${toPixels(state.heads[head].queries[state.chosen]).join(" ")}`);
		}
		return { svg, show };
	}

	/** The map of one head, with the sum of each row. */
	function map(state, changed) {
		const rows = names.map((name, row) => {
			const choose = () => {
				state.chosen = row;
				changed();
			};
			const button = make("button", { type: "button", "aria-label": words.choose(`${name} (${row + 1})`), onclick: choose }, name);
			const cells = [...names.map(() => make("td")), make("td", { class: "sum" })];
			return make("tr", {}, make("th", { scope: "row" }, button), ...cells);
		});
		const head = [make("td"), ...[...names, words.sum].map((name) => make("th", { scope: "col" }, name))];
		const table = make("table", {}, make("tbody", {}, make("tr", {}, ...head), ...rows));

		function show(weights) {
			rows.forEach((tr, row) => {
				const cells = [...tr.querySelectorAll("td")];
				weights[row].forEach((weight, column) => {
					cells[column].textContent = weight.toFixed(2);
					cells[column].style.setProperty("--share", weight);
				});
				const sum = weights[row].reduce((total, weight) => total + weight, 0);
				const wrong = Math.abs(sum - 1) > 0.005;
				cells[names.length].textContent = sum.toFixed(2) + (wrong ? " ≠ 1" : "");
				tr.className = (row === state.chosen ? "chosen " : "") + (wrong ? "wrong" : "");
			});
		}
		return { table, show };
	}

	function start(root) {
		const state = { heads: structuredClone(beginning), chosen: 5 };
		const scale = make("input", { type: "checkbox", checked: "", onchange: () => show() });
		const two = make("input", { type: "checkbox", onchange: () => show() });
		const options = Object.entries(words.masks).map(([value, label]) => make("option", { value }, label));
		const mask = make("select", { onchange: () => show() }, ...options);
		const verdict = make("p", { "aria-live": "polite" });
		const heads = [0, 1].map((head) => {
			const parts = { plane: plane(head, state, () => show()), map: map(state, () => show()) };
			parts.title = make("h4", {}, words.head(head + 1));
			parts.node = make("div", { class: "side" }, parts.title, parts.plane.svg, make("div", { class: "wide" }, parts.map.table));
			return parts;
		});

		function show() {
			const wrong = new Set();
			heads.forEach((parts, head) => {
				const { queries, keys } = state.heads[head];
				const weights = attentionWeights(queries, keys, { scale: scale.checked, mask: mask.value });
				parts.node.hidden = head === 1 && !two.checked;
				parts.plane.show(weights);
				parts.map.show(weights);
				weights.forEach((row, i) => {
					const sum = row.reduce((total, weight) => total + weight, 0);
					if (Math.abs(sum - 1) > 0.005 && !parts.node.hidden) wrong.add(`${names[i]} (${i + 1})`);
				});
			});
			const fine = mask.value === "none" ? words.future : words.right;
			const said = wrong.size ? words.wrong([...wrong].join(", ")) : fine;
			if (verdict.textContent !== said) verdict.textContent = said;
		}
		const controls = [make("label", {}, scale, words.scale), make("label", {}, words.mask, mask), make("label", {}, two, words.heads)];
		root.replaceChildren(make("p", { class: "quiet" }, words.help), make("div", { class: "controls" }, ...controls),
			make("div", { class: "sides" }, ...heads.map(({ node }) => node)), verdict);
		show();
	}

	for (const root of document.querySelectorAll(".attention-sandbox")) start(root);

	window.attentionWeights = attentionWeights; // for the tests
})();
