/* The sentences of the things to touch in the chapters, in Chinese: the build puts them before nbs/companions/*.js. */

globalThis.companionWords = {
	attention: {
		help: "用鼠标拖动查询（方块）和键（圆点），也可以逐个选中后用方向键移动。选中的查询给一个键的权重越大，这个键就画得越大。",
		scale: "除以 √K",
		mask: "掩码",
		masks: { before: "在 softmax 之前", after: "在 softmax 之后", none: "没有" },
		heads: "两个头",
		head: (number) => `第 ${number} 个头`,
		query: (name) => `${name} 的查询`,
		key: (name) => `${name} 的键`,
		at: (label, [x, y]) => `${label}，在 ${x.toFixed(1)} 和 ${y.toFixed(1)}；用方向键移动`,
		sum: "和",
		choose: (name) => `选择 ${name}`,
		right: "每行之和都是一：每个词元把全部注意力分了出去。",
		wrong: (names) => `${names} 的行之和不是一：掩码在 softmax 之后去掉的那部分缺失了。`,
		future: "没有掩码，每个词元都看得到后面的词元，而那正是要它预测的。",
	},
	bpe: {
		merge: "合并一次",
		ten: "合并十次",
		again: "从头开始",
		texts: ["一段英文", "一段中文"],
		next: (left, right, count) => `下一次：${left} 和 ${right}，出现 ${count} 次`,
		finished: "再没有哪一对出现两次。",
		facts: (bytes, tokens, ratio) => `${bytes} 个字节是 ${tokens} 个词元：每个词元 ${ratio} 个字节`,
		vocabulary: (size, newest) => `词表：${size}${newest ? `，最新的是 ${newest}` : "，即全部字节"}`,
		chart: "每个词元的字节数随合并次数的变化：实线是第一段文本，虚线是第二段",
		axis: (merges) => `合并 ${merges} 次`,
	},
};

