/* The tokenizers of chapter 2: characters, byte-level BPE, and an encoding cut down to part of its
   tokens. A string of bytes is a JavaScript string here whose characters are all below 256. */

function tokenizerParts() {
const toArray = (bytes) => Uint8Array.from(bytes, (character) => character.charCodeAt(0));
const toBytes = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");

/** Bytes as text; those that are no valid UTF-8 become the replacement character. */
const toText = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(toArray(bytes));

/** One letter of a group that ignores case; two of them have a third form in Unicode. */
const anyCase = (letter) => `[${letter}${letter.toUpperCase()}${{ s: "\u017f", k: "\u212a" }[letter] ?? ""}]`;

/** A split pattern as JavaScript reads it: groups that ignore case are written out, possessive
    quantifiers, which only save time, are plain ones, and white space is Unicode's. */
function splitPattern(pattern) {
	const source = pattern
		.replace(/\(\?i:([^()]*)\)/g, (_, group) => `(?:${group.replace(/[a-z]/g, anyCase)})`)
		.replace(/([+*?]|\{[\d,]+\})\+/g, "$1")
		.replaceAll("\\s", "\\p{White_Space}")
		.replaceAll("\\S", "\\P{White_Space}");
	try {
		return new RegExp(source, "gu");
	} catch (cause) {
		throw new Error("this browser cannot use the pattern by which its tokenizer cuts texts.", { cause });
	}
}

class CharTokenizer {
	constructor({ characters }) {
		this.tokens = Array.from(characters, toBytes);
		this.ids = new Map(Array.from(characters, (character, id) => [character, id]));
	}

	encode(text) {
		return Array.from(text, (character, place) => {
			const id = this.ids.get(character);
			if (id !== undefined) return id;
			throw new Error(`Character ${place + 1}, “${character}”, is not in this model's vocabulary.`);
		});
	}
}

class BPETokenizer {
	constructor({ pattern, ranks, special_tokens: special }) {
		this.pattern = splitPattern(pattern);
		this.ranks = new Map();
		this.tokens = [];
		for (const line of ranks.split("\n")) {
			const [token, rank] = line.split(" ");
			this.ranks.set(atob(token), Number(rank));
			this.tokens[rank] = atob(token);
		}
		for (const [name, id] of Object.entries(special)) this.tokens[id] = toBytes(name);
	}

	/** Join the two neighbours of the smallest rank, the leftmost first, until no two can be joined. */
	join(bytes) {
		const parts = bytes.split("");
		for (;;) {
			let [best, place] = [Infinity, -1];
			for (let i = 0; i + 1 < parts.length; i++) {
				const rank = this.ranks.get(parts[i] + parts[i + 1]);
				if (rank < best) [best, place] = [rank, i];
			}
			if (place < 0) return parts;
			parts.splice(place, 2, parts[place] + parts[place + 1]);
		}
	}

	encode(text) {
		return [...text.matchAll(this.pattern)].flatMap(([piece]) => {
			const bytes = toBytes(piece);
			const parts = this.ranks.has(bytes) ? [bytes] : this.join(bytes);
			return parts.map((part) => this.ranks.get(part));
		});
	}
}

/** An encoding of which some tokens are kept and numbered anew; any other is spelled in bytes. */
class CompactTokenizer {
	constructor({ base, base_ids: kept }) {
		this.base = new BPETokenizer(base);
		this.tokens = kept.map((id) => this.base.tokens[id]);
		this.ids = new Map(kept.map((id, place) => [id, place]));
	}

	encode(text) {
		return this.base.encode(text).flatMap((id) => {
			if (this.ids.has(id)) return [this.ids.get(id)];
			return this.base.tokens[id].split("").map((byte) => this.ids.get(this.base.ranks.get(byte)));
		});
	}
}

/** A tokenizer from what the run's tokenizer.json describes. */
function makeTokenizer(description) {
	const kinds = { char: CharTokenizer, bpe: BPETokenizer, compact: CompactTokenizer };
	const tokenizer = new kinds[description.kind](description);
	tokenizer.decode = (ids) => toText(ids.map((id) => tokenizer.tokens[id]).join(""));
	return tokenizer;
}

return { makeTokenizer, toText, toArray };
}
