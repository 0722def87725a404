/* What runs beside the page, in a worker: a model, its tokenizer, and the questions that the page
   asks. It sends {place, command, ...details}; back come {place, result} or {place, error}. */

function explorerWorker() {
const { readTensors, GPT, ContextWindow, largestIds, nextTokenProbabilities, draw, ...rest } = modelParts();
const { surprises, softmax, dot, matrixRow, frequency } = rest;
const { makeTokenizer, toArray, toText } = tokenizerParts();

let model, tokenizer, text, logits;
let off = ""; // what is switched off
let rows = []; // rows[position][layer]: attention weights (H, S)
let streams = []; // streams[position][layer]: the stream (D,) before that block, at last after all
let lastAsked; // the newest question about surprise
let guesses = []; // guesses[position][layer]: what the stream would say already there

/** A token as the page shows it: its id, its bytes, its text. */
function describe(id) {
	const bytes = tokenizer.tokens[id] ?? "";
	return { id, bytes: [...toArray(bytes)], text: toText(bytes) };
}

/** Note what the model lets us watch at each position, and forget what is long past. */
const watching = {
	attention(layer, position, weights) {
		(rows[position] ??= [])[layer] = weights;
		delete rows[position - 256];
	},
	stream(layer, x) {
		for (let t = 0; t < x.length / model.D; t++) {
			const position = text.cache.length + t;
			(streams[position] ??= [])[layer] = x.slice(t * model.D, (t + 1) * model.D);
			delete streams[position - 256];
			delete guesses[position];
		}
	},
};

/** The last n positions that the model has read. */
function lastPositions(n) {
	const end = text.cache.length;
	return Array.from({ length: Math.min(n, end) }, (_, i) => end - Math.min(n, end) + i);
}

function guessAt(position, layer) {
	const known = (guesses[position] ??= []);
	if (!known[layer]) {
		const state = model.norm(streams[position][layer], 1, "final_norm");
		const probabilities = softmax(model.logits(state));
		const [id] = largestIds(probabilities, 1);
		known[layer] = { ...describe(id), probability: probabilities[id] };
	}
	return known[layer];
}

const commands = {
	/** Open a model: its config.json, its weights and its tokenizer.json. */
	load({ config, weights, description }) {
		try {
			tokenizer = makeTokenizer(description);
			model = new GPT(config.model, readTensors(weights));
			model.hiddenStates([0], model.newCache());
		} catch (error) {
			throw error.cause ? error : new Error("its files are damaged, or do not belong together.");
		}
		const ids = Array.from({ length: config.model.vocab_size }, (_, id) => id);
		text = new ContextWindow(model, ids.filter((id) => tokenizer.tokens[id] === undefined));
		Object.assign(text.look, watching);
	},

	/** A text as tokens. The empty text begins after a new line. */
	encode({ text: written }) {
		const ids = written ? tokenizer.encode(written) : [Math.max(0, tokenizer.tokens.indexOf("\n"))];
		return { ids, tokens: ids.map(describe) };
	},

	decode: ({ ids }) => tokenizer.decode(ids),

	/** Read a text, perhaps with heads ("layer.head") or blocks switched off. */
	read({ ids, headsOff, blocksOff }) {
		if (off !== `${headsOff} ${blocksOff}`) {
			off = `${headsOff} ${blocksOff}`;
			text.cache.length = 0;
			Object.assign(text.look, { headsOff: new Set(headsOff), blocksOff: new Set(blocksOff) });
			[rows, streams, guesses] = [[], [], []];
		}
		text.set(ids);
		if (!streams[Math.max(0, text.cache.length - 32)]) text.cache.length = 0; // cut far back
		logits = text.nextLogits();
		return { first: text.first };
	},

	/** The n likeliest next tokens, and how likely they were without the sliders. */
	likeliest({ sampling, n }) {
		const plain = softmax(Float64Array.from(logits));
		const chosen = nextTokenProbabilities(logits, sampling);
		return largestIds(logits, n).map((id) => ({ ...describe(id), plain: plain[id], chosen: chosen[id] }));
	},

	/** The next token for a random number, added to the text and read. */
	draw({ sampling, random }) {
		const id = draw(nextTokenProbabilities(logits, sampling), random);
		text.tokenIds.push(id);
		logits = text.nextLogits();
		return { token: describe(id), seen: text.first };
	},

	/** Attention among the last n tokens: for each layer and head a (size, size) map, row by row. */
	attention({ n }) {
		const positions = lastPositions(n);
		const [begin, size, H] = [positions[0], positions.length, model.H];
		const maps = new Float32Array(model.config.n_layers * H * size * size);
		positions.forEach((position, row) => {
			const S = position + 1;
			rows[position]?.forEach((weights, layer) => { // none where the block is switched off
				for (let head = 0; head < H; head++) {
					const seen = weights.subarray(head * S + begin, (head + 1) * S);
					maps.set(seen, ((layer * H + head) * size + row) * size);
				}
			});
		});
		return { start: text.first + begin, size, maps };
	},

	/** The guess before the first block and after each one, at the last n tokens. */
	lens({ n }) {
		const positions = lastPositions(n);
		const layers = Array.from(streams[positions[0]].keys());
		const guess = (layer) => positions.map((position) => guessAt(position, layer));
		return { start: text.first + positions[0], guesses: layers.map(guess) };
	},

	/** The bits of surprise at each token after the first; nothing if it was asked again meanwhile. */
	async surprises({ ids }, progress) {
		const bits = [];
		lastAsked = bits;
		let told = Date.now();
		for (const value of surprises(model, ids)) {
			bits.push(value);
			if (Date.now() - told < 50) continue;
			progress(bits.length / ids.length);
			await new Promise((resolve) => { setTimeout(resolve); }); // other questions come in between
			if (lastAsked !== bits) return null;
			told = Date.now();
		}
		return bits;
	},

	/** The n tokens whose embeddings point most nearly the same way. */
	neighbours({ id, n }) {
		const length = (vector) => Math.sqrt(dot(vector, 0, vector, 0, model.D)) || 1;
		const mine = matrixRow(model.embedding, id);
		const cosines = Float32Array.from({ length: model.config.vocab_size }, (_, other) => {
			if (tokenizer.tokens[other] === undefined || other === id) return -Infinity;
			const vector = matrixRow(model.embedding, other);
			return dot(vector, 0, mine, 0, model.D) / length(vector) / length(mine);
		});
		return largestIds(cosines, n).map((other) => ({ ...describe(other), chosen: cosines[other] }));
	},

	/** How the model sees the first places: rows of its table, or cosines of rotary angles. */
	positions() {
		const { config, K } = model;
		const cosine = (place) => (_, pair) => Math.cos(place * frequency(pair, K, config.rope_base));
		const row = config.position === "rope"
			? (place) => Float32Array.from({ length: K / 2 }, cosine(place)) : model.placeRow;
		return Array.from({ length: Math.min(config.context_length, 64) }, (_, place) => row(place));
	},
};

onmessage = async ({ data: { place, command, ...details } }) => {
	const progress = (share) => postMessage({ place, progress: share });
	try {
		postMessage({ place, result: await commands[command](details, progress) });
	} catch (error) {
		postMessage({ place, error: error.message });
	}
};
}
