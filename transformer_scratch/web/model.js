/* The model: what chapters 3, 4, 5 and 9 build with PyTorch, in plain numbers. Sizes have the letters
   of the chapters: T new positions, S positions so far, D d_model, H heads, K width of a head, F inner
   width. All is one function (its body is not indented), whose source a page can hand to a worker. */

function modelParts() {
"use strict";

// ---- Weights: one .safetensors file ----

/** A number of the format float16, which not every browser knows. */
function fromHalf(bits) {
	const sign = bits >> 15 ? -1 : 1;
	const exponent = (bits >> 10) & 31;
	const fraction = (bits & 1023) / 1024;
	return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

/** The tensors of a file: {shape, values}, and `scales` for matrices of whole numbers. */
function readTensors(buffer) {
	const start = 8 + Number(new DataView(buffer).getBigUint64(0, true));
	const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)));
	const formats = {
		F32: (bytes) => new Float32Array(bytes),
		F16: (bytes) => Float32Array.from(new Uint16Array(bytes), fromHalf),
		I8: (bytes) => new Int8Array(bytes),
	};
	const tensors = {};
	for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(header)) {
		if (start + end > buffer.byteLength) throw new Error();
		tensors[name] = { shape, values: formats[dtype](buffer.slice(start + begin, start + end)) };
	}
	for (const name of Object.keys(tensors)) {
		tensors[name].scales = tensors[`${name}.scales`]?.values;
	}
	return tensors;
}

function dot(weights, start, x, offset, length) {
	let sum = 0;
	for (let i = 0; i < length; i++) sum += weights[start + i] * x[offset + i];
	return sum;
}

/** A linear layer: x (T, columns) becomes (T, rows), four rows at once, for which x is read once. */
function linear(x, T, { shape: [rows, columns], values, scales }, bias) {
	const out = new Float32Array(T * rows);
	for (let first = 0; first < rows; first += 4) {
		const second = Math.min(first + 1, rows - 1);
		const third = Math.min(first + 2, rows - 1);
		const fourth = Math.min(first + 3, rows - 1);
		for (let t = 0; t < T; t++) {
			let a = 0, b = 0, c = 0, d = 0;
			for (let i = 0; i < columns; i++) {
				const value = x[t * columns + i];
				a += values[first * columns + i] * value;
				b += values[second * columns + i] * value;
				c += values[third * columns + i] * value;
				d += values[fourth * columns + i] * value;
			}
			out[t * rows + first] = a;
			out[t * rows + second] = b;
			out[t * rows + third] = c;
			out[t * rows + fourth] = d;
		}
	}
	for (let i = 0; i < out.length; i++) {
		out[i] = out[i] * (scales ? scales[i % rows] : 1) + (bias ? bias.values[i % rows] : 0);
	}
	return out;
}

/** One row of a matrix, as numbers. */
function matrixRow({ shape: [, columns], values, scales }, row) {
	const out = Float32Array.from(values.subarray(row * columns, (row + 1) * columns));
	return scales ? out.map((value) => value * scales[row]) : out;
}

/** LayerNorm or RMSNorm (chapter 5) of each of the T rows. */
function normalize(x, T, kind, epsilon, weight, bias) {
	const D = x.length / T;
	const out = new Float32Array(x.length);
	for (let t = 0; t < T; t++) {
		let mean = 0;
		let variance = 0;
		if (kind === "layernorm") {
			for (let i = 0; i < D; i++) mean += x[t * D + i] / D;
		}
		for (let i = 0; i < D; i++) variance += (x[t * D + i] - mean) ** 2 / D;
		for (let i = 0; i < D; i++) {
			const scaled = (x[t * D + i] - mean) / Math.sqrt(variance + epsilon);
			out[t * D + i] = scaled * weight.values[i] + (bias ? bias.values[i] : 0);
		}
	}
	return out;
}

/** The error function, to seven digits (Abramowitz and Stegun, 7.1.26). */
const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0];
function erf(x) {
	const t = 1 / (1 + 0.3275911 * Math.abs(x));
	return Math.sign(x) * (1 - factors.reduce((sum, factor) => sum * t + factor) * Math.exp(-x * x));
}

const activations = {
	relu: (x) => Math.max(0, x),
	relu_squared: (x) => Math.max(0, x) ** 2,
	gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
	gelu_tanh: (x) => x / (1 + Math.exp(-Math.sqrt(8 / Math.PI) * (x + 0.044715 * x * x * x))),
};

/** silu(gate) times value: the first half of each row decides how much of the second passes. */
function swiglu(x, T) {
	const F = x.length / T / 2;
	return Float32Array.from({ length: T * F }, (_, i) => {
		const gate = x[i + F * Math.floor(i / F)];
		const value = x[i + F * Math.floor(i / F) + F];
		return (gate / (1 + Math.exp(-gate))) * value;
	});
}

function softmax(scores) {
	let largest = -Infinity;
	let sum = 0;
	for (let i = 0; i < scores.length; i++) largest = Math.max(largest, scores[i]);
	const shares = scores.slice();
	for (let i = 0; i < shares.length; i++) {
		shares[i] = Math.exp(scores[i] - largest);
		sum += shares[i];
	}
	for (let i = 0; i < shares.length; i++) shares[i] /= sum;
	return shares;
}

// ---- Positions (chapter 3) ----

const frequency = (pair, width, base) => base ** (-2 * pair / width); // radians a token

function sinusoidalPosition(position, D) {
	return Float32Array.from({ length: D }, (_, i) => {
		const angle = position * frequency(i >> 1, D, 10000);
		return i % 2 ? Math.cos(angle) : Math.sin(angle);
	});
}

/** Turn feature i of one head together with feature i + K/2. */
function rotate(head, position, base) {
	const half = head.length / 2;
	for (let i = 0; i < half; i++) {
		const angle = position * frequency(i, head.length, base);
		const [first, second] = [head[i], head[i + half]];
		head[i] = first * Math.cos(angle) - second * Math.sin(angle);
		head[i + half] = second * Math.cos(angle) + first * Math.sin(angle);
	}
}

/** Scale a query or key to the root mean square 1. */
function normalizeHead(head, epsilon) {
	const square = dot(head, 0, head, 0, head.length) / head.length;
	head.forEach((value, i) => { head[i] = value / Math.sqrt(square + epsilon); });
}

// ---- The model (chapters 4 and 5) ----

class GPT {
	constructor(config, tensors) {
		const { d_model: D, n_heads: H, n_kv_heads: kvHeads } = config;
		Object.assign(this, { config, tensors, D, H, K: D / H, kvHeads: kvHeads ?? H });
		this.embedding = tensors["token_embedding.weight"];
		this.outputWeight = config.tie_embeddings ? this.embedding : tensors["output.weight"];
		this.placeRow = { // what is added at each place; rotary positions add nothing
			learned: (place) => matrixRow(tensors["positions.weight"], place),
			sinusoidal: (place) => sinusoidalPosition(place, D),
		}[config.position];
		const shape = `${config.vocab_size},${D}`;
		if (`${this.embedding.shape}` !== shape || `${this.outputWeight.shape}` !== shape) throw new Error();
	}

	/** Keys and values of every layer, with room for the whole context. */
	newCache() {
		const room = () => new Float32Array(this.config.context_length * this.kvHeads * this.K);
		const layers = Array.from({ length: this.config.n_layers }, () => ({ keys: room(), values: room() }));
		return { length: 0, layers };
	}

	/** The stream before the first block, (T, D). */
	embed(tokenIds, start) {
		const x = new Float32Array(tokenIds.length * this.D);
		tokenIds.forEach((id, t) => {
			const row = matrixRow(this.embedding, id);
			this.placeRow?.(start + t).forEach((value, i) => { row[i] += value; });
			x.set(row, t * this.D);
		});
		return x;
	}

	norm(x, T, name) {
		const { config: { norm, norm_eps: epsilon }, tensors } = this;
		return normalize(x, T, norm, epsilon, tensors[`${name}.weight`], tensors[`${name}.bias`]);
	}

	linear(x, T, name) {
		return linear(x, T, this.tensors[`${name}.weight`], this.tensors[`${name}.bias`]);
	}

	/** What the attention of a block adds for T new positions behind the cached ones. */
	attention(x, T, layer, cache, look) {
		const { D, H, K, kvHeads, config } = this;
		const { keys, values } = cache.layers[layer];
		const width = (H + 2 * kvHeads) * K;
		const shared = kvHeads * K; // width of all keys, and of all values, of a position
		const heads = this.linear(x, T, `blocks.${layer}.attention.qkv`); // (T, H + 2 kvHeads, K)
		for (let t = 0; t < T; t++) {
			const position = cache.length + t;
			for (let head = 0; head < H + kvHeads; head++) {
				const start = t * width + head * K;
				const one = heads.subarray(start, start + K);
				if (config.qk_norm) normalizeHead(one, config.norm_eps);
				if (config.position === "rope") rotate(one, position, config.rope_base);
			}
			const begin = t * width + D;
			keys.set(heads.subarray(begin, begin + shared), position * shared);
			values.set(heads.subarray(begin + shared, begin + 2 * shared), position * shared);
		}
		const context = new Float32Array(T * D);
		for (let t = 0; t < T; t++) {
			const S = cache.length + t + 1;
			const rows = new Float32Array(H * S); // the attention weights of this position
			for (let head = 0; head < H; head++) {
				const start = Math.floor((head * kvHeads) / H) * K; // of the keys that this head reads
				const scores = rows.subarray(head * S, (head + 1) * S);
				for (let s = 0; s < S; s++) {
					scores[s] = dot(keys, s * shared + start, heads, t * width + head * K, K) / Math.sqrt(K);
				}
				scores.set(softmax(scores));
				if (look.headsOff?.has(`${layer}.${head}`)) continue; // switched off: it brings nothing
				for (let s = 0; s < S; s++) {
					for (let i = 0; i < K; i++) {
						context[t * D + head * K + i] += scores[s] * values[s * shared + start + i];
					}
				}
			}
			look.attention?.(layer, cache.length + t, rows);
		}
		return this.linear(context, T, `blocks.${layer}.attention.output`);
	}

	feedForward(x, T, layer) {
		const name = `blocks.${layer}.feed_forward`;
		const wide = this.linear(x, T, `${name}.up`);
		if (this.config.activation === "swiglu") return this.linear(swiglu(wide, T), T, `${name}.down`);
		const bend = activations[this.config.activation];
		for (let i = 0; i < wide.length; i++) wide[i] = bend(wide[i]);
		return this.linear(wide, T, `${name}.down`);
	}

	/** The final states (T, D) of new tokens; the cache grows by T. `look` may watch and switch off:
	    {headsOff, blocksOff, attention(layer, position, weights), stream(layer, x)}. */
	hiddenStates(tokenIds, cache, look = {}) {
		const T = tokenIds.length;
		const x = this.embed(tokenIds, cache.length);
		const add = (more) => { for (let i = 0; i < x.length; i++) x[i] += more[i]; };
		look.stream?.(0, x);
		for (let layer = 0; layer < this.config.n_layers; layer++) {
			if (!look.blocksOff?.has(layer)) {
				const name = `blocks.${layer}`;
				add(this.attention(this.norm(x, T, `${name}.attention_norm`), T, layer, cache, look));
				add(this.feedForward(this.norm(x, T, `${name}.feed_forward_norm`), T, layer));
			}
			look.stream?.(layer + 1, x);
		}
		cache.length += T;
		return this.norm(x, T, "final_norm");
	}

	/** The scores (T, vocabulary) of every next token, from final states. */
	logits(states, T = 1) {
		return linear(states, T, this.outputWeight, this.tensors["output.bias"]);
	}
}

// ---- Generation (chapter 9) ----

/** The part of a text that the model still sees, read once; past the context, the last half. */
class ContextWindow {
	constructor(model, unreadable = []) {
		Object.assign(this, { model, unreadable, tokenIds: [], first: 0, look: {}, cache: model.newCache() });
	}

	/** Another text, of which the part that is the same is not read again. */
	set(tokenIds) {
		const first = Math.max(0, tokenIds.length - this.model.config.context_length);
		const limit = first === this.first ? Math.min(this.cache.length, tokenIds.length - first - 1) : 0;
		let same = 0;
		while (same < limit && tokenIds[first + same] === this.tokenIds[first + same]) same++;
		Object.assign(this, { tokenIds: [...tokenIds], first });
		this.cache.length = same;
	}

	/** Read what is new, and score every token as the next. */
	nextLogits() {
		const { model, cache, tokenIds } = this;
		const size = model.config.context_length;
		if (tokenIds.length - this.first > size) {
			this.first = tokenIds.length - Math.max(1, size >> 1);
			cache.length = 0;
		}
		const states = model.hiddenStates(tokenIds.slice(this.first + cache.length), cache, this.look);
		const logits = model.logits(states.subarray(-model.D));
		for (const id of this.unreadable) logits[id] = -Infinity;
		return logits;
	}
}

/** The ids of the k largest scores, largest first; of equal ones the smaller id. */
function largestIds(scores, k) {
	const threshold = scores.slice().sort()[Math.max(0, scores.length - k)];
	const ids = [];
	for (let id = 0; id < scores.length; id++) {
		if (scores[id] >= threshold) ids.push(id);
	}
	return ids.sort((a, b) => scores[b] - scores[a]).slice(0, k);
}

/** The probabilities that the next token is drawn with; top_k may be null. */
function nextTokenProbabilities(logits, { temperature, top_k, top_p }) {
	const heat = Math.max(temperature, 1e-6);
	const scaled = new Float64Array(logits);
	for (let i = 0; i < scaled.length; i++) scaled[i] /= heat;
	const k = temperature < 1e-6 ? 1 : top_k ?? scaled.length;
	if (k === scaled.length && top_p === 1) return softmax(scaled);
	const ids = largestIds(scaled, k);
	const shares = softmax(Float64Array.from(ids, (id) => scaled[id]));
	let n = 0; // tokens that stay
	let sum = 0; // what they hold together
	while (n < ids.length && sum < top_p) {
		sum += shares[n];
		n += 1;
	}
	const probabilities = new Float64Array(logits.length);
	for (let i = 0; i < n; i++) probabilities[ids[i]] = shares[i] / sum;
	return probabilities;
}

/** The token that a random number in [0, 1) picks: the first with more than that up to it. */
function draw(probabilities, random) {
	let total = 0;
	for (const share of probabilities) total += share;
	let sum = 0;
	return probabilities.findIndex((share) => {
		sum += share;
		return sum > random * total;
	});
}

/** Bits of surprise at each token after the first, in windows side by side as `evaluate` reads. */
function* surprises(model, tokenIds) {
	const { D, config: { context_length: size } } = model;
	let states;
	for (let place = 0; place < tokenIds.length - 1; place++) {
		const t = place % size;
		const inputs = tokenIds.slice(place, Math.min(place + size, tokenIds.length - 1));
		if (t === 0) states = model.hiddenStates(inputs, model.newCache());
		const probabilities = softmax(Float64Array.from(model.logits(states.subarray(t * D, (t + 1) * D))));
		yield -Math.log2(probabilities[tokenIds[place + 1]]);
	}
}

return {
	readTensors, GPT, ContextWindow, largestIds, nextTokenProbabilities, draw, surprises, softmax, dot,
	matrixRow, frequency,
};
}
