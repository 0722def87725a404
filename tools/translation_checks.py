"""What must be the same on both sides of a translated message, and what good Chinese needs.

`faults(english, chinese, terms)` gives a line for everything that is wrong; `spaced` mends spaces and punctuation.
`python tools/translation_checks.py` plants one fault of each kind and wants to see it found.
"""

import re
from collections import Counter

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
FENCE = re.compile(
    r"^(?P<indent> *)(?P<mark>```+|~~~+)(?P<info>[^\n]*)\n(?P<body>.*?)^ *(?P=mark) *$",
    flags=re.M | re.S,
)
CODE = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\n).)+?)(?<!`)\1(?!`)", flags=re.S)
MATH = re.compile(
    r"\$\$.+?\$\$|(?<![\\$])\$(?=\S)(?:\\.|[^$\\\n]|\n(?!\n))+?(?<=\S)\$(?!\d)", flags=re.S
)
TARGET = re.compile(r"\]\((?P<target>[^()\s]*(?:\([^()]*\)[^()\s]*)*)\)")
ATTRIBUTES = re.compile(r"(?<=\))\{[^{}\n]*\}|(?<=\s)\{#[^{}\n]*\}")
COMMENT = re.compile(r"<!--.*?-->", flags=re.S)
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
AUTOLINK = re.compile(r"<?https?://[^\s<>()]+>?")
MENTION = re.compile(r"(?<!\w)@(Fig-|fig-|Eq-|eq-)([a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*)")
NOTE = re.compile(r"\[\^[\w-]+\]")
DIVISION = re.compile(r"^ *:::+.*$", flags=re.M)
WORDED = re.compile(r'\s*\b(?:title|alt|fig-alt|fig-cap|aria-label)="[^"]*"')
PROTECTED = (FENCE, COMMENT, CODE, MATH, TARGET, ATTRIBUTES, TAG, AUTOLINK, NOTE, DIVISION)

NUMBER = re.compile(
    r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)"
    r"(?:\s*(thousand|million|billion|十亿|百万|千万|万|亿|千))?",
    flags=re.I,
)
UNITS = {
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "千": 1e3,
    "万": 1e4,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "十亿": 1e9,
}
NUMBER_WORDS = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty"
    r"|hundred|thousand|million|billion|dozens?|twice|once|half|halves|halfway|double"
    r"|thirds?|quarters?|fourth|fifths?|sixths?|eighths?|tenths?|first|second|both|pair"
    r"|percent|January|February|March|April|May|June|July|August|September|October"
    r"|November|December|single|a|an|no|zeros?)\b",
    flags=re.I,
)

# Terms that the glossary translates in one of their senses only: a check of them would cry wolf.
LOOSE = {
    term.strip()
    for term in """
    activation, advantage, attention score, attention weight, baseline, batch, beam search, bias,
    bit, block,
    branch, byte, character, command, compilation, configuration, context length, corpus,
    curve, decoding, device, dialogue, document, encoder, encoding, evaluation, fingerprint,
    flag, forgetting, frozen weight, gate, group, heat map, hook, initial weights, key, layer,
    learned positions, linear layer, logit, loss, matrix product, merge, momentum, noise,
    notebook, oracle, output layer, padding, parameter, policy, position, preference,
    probability, process, query, random number, rank, recipe, resuming, reward, run folder,
    sample, sampling, scaling, seed, shape, shuffling, softmax, special token, step, stride,
    target, teacher forcing, temperature, thread, training part, Unicode, validation part,
    value, variance, vector, warm-up, weight, window
    """.split(",")
}
ALSO = {  # other right words, beside the glossary's
    "attention": ["注意力", "Attention"],
    "embedding": ["嵌入", "权重绑定"],
    "attention head": ["头"],
    "top-p": ["核采样"],
    "prompt": ["提示"],
    "layer normalisation": ["归一化"],
    "Transformer": ["Transformer"],
    "matrix": ["矩阵", "阵"],
    "language model": ["语言模型"],
    "residual connection": ["残差"],
    "tokenizer": ["分词器", "tokenizer"],
    "tensor": ["张量"],
    "vocabulary": ["词表"],
    "dot product": ["点积"],
    "learning-rate schedule": ["学习率调度", "学习率"],
    "greedy decoding": ["贪心", "贪婪"],
    "quantization": ["量化"],
    "sharding": ["分片"],
    "mixed precision": ["混合精度"],
    "checkpoint": ["检查点"],
    "preset": ["预设"],
    "optimizer": ["优化器"],
    "entropy": ["熵"],
}
SLIPS = {  # what this edition does not say, and what it says instead
    "令牌": "词元",
    "词符": "词元",
    "词汇表": "词表",
    "家规": "项目规范",
    "总账": "结果总表",
    "诚实的评测": "可靠的评测",
    "外来的数字": "别人公布的数字",
    "胡言乱语": "乱七八糟的内容",
    "断言会反对": "断言会报错",
    "会写出什么": "将实现什么",
    "越合身": "词表越贴合文本",
    "嵌入共享": "权重绑定",
    "盯着": "留意",
    "您": "你",
    "缓慢而直白": "慢而直白",
    "序号文件": "词表文件",
    "运行文件夹": "模型文件夹",
    "合拍": "相合",
}


def protected_spans(text: str) -> list[tuple[int, int]]:
    """Where code, formulas, targets and tags stand, in order and without overlaps."""
    spans: list[tuple[int, int]] = []
    for pattern in PROTECTED:
        for found in pattern.finditer(text):
            start, end = found.span()
            if all(end <= first or start >= last for first, last in spans):
                spans.append((start, end))
    return sorted(spans)


def pieces(text: str) -> list[tuple[bool, str]]:
    """The text in pieces: whether each is prose, and its characters."""
    parts, place = [], 0
    for start, end in protected_spans(text):
        parts.append((True, text[place:start]))
        parts.append((False, text[start:end]))
        place = end
    parts.append((True, text[place:]))
    return [part for part in parts if part[1]]


def prose(text: str, gap: str = " ") -> str:
    """The text without code, formulas, targets and tags."""
    return gap.join(content for is_prose, content in pieces(text) if is_prose)


def without(text: str, *patterns: re.Pattern) -> str:
    """The text without what the patterns find."""
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def fences(text: str) -> list[str]:
    """Code blocks: without comments in a shell's, and of plain text only how many lines it has."""
    found = []
    for match in FENCE.finditer(text):
        info, body = match["info"].strip(), match["body"]
        if info in ("", "text"):
            body = f"{len(body.splitlines())} lines"
        elif info in ("sh", "bash"):
            body = "\n".join(
                re.sub(r"(?:^|\s+)# .*", "", line) for line in body.splitlines()
            )
        found.append(f"```{info}\n{body}")
    return found


def code_spans(text: str) -> set[str]:
    text = without(text, FENCE, COMMENT)
    return {" ".join(found[1].split()) for found in CODE.findall(text)}


def formulas(text: str) -> set[str]:
    text = without(text, FENCE, COMMENT, CODE)
    found = (re.sub(r"\\text\{[^{}]*\}", r"\\text", each) for each in MATH.findall(text))
    return {re.sub(r"\s+", "", formula) for formula in found}


def link_targets(text: str) -> list[str]:
    text = without(text, FENCE, COMMENT, CODE, MATH)
    text = MENTION.sub(lambda found: f"](#{found[1].lower()}{found[2]})", text)
    return TARGET.findall(text) + AUTOLINK.findall(without(text, TARGET, TAG))


def tags(text: str) -> list[str]:
    text = without(text, FENCE, CODE, MATH)
    html = [WORDED.sub("", tag) for tag in TAG.findall(without(text, COMMENT))]
    return COMMENT.findall(text) + html


def divisions(text: str) -> list[str]:
    text = without(text, FENCE)
    return [WORDED.sub("", line).strip() for line in DIVISION.findall(text)]


def table_shape(text: str) -> list[int]:
    """How many cells each row of a table has."""
    rows = re.findall(r"^\|.*\|[ \t]*$", without(text, FENCE), flags=re.M)
    return [len(re.findall(r"(?<!\\)\|", CODE.sub("", row))) - 1 for row in rows]


def heading_levels(text: str) -> list[int]:
    marks = re.findall(r"^(#{1,6}) +\S", FENCE.sub("", text), flags=re.M)
    return [len(mark) for mark in marks]


def list_items(text: str) -> int:
    return len(re.findall(r"^ *(?:[-*+]|\d+\.) +\S", FENCE.sub("", text), flags=re.M))


def numbers(text: str) -> set[float]:
    found = set()
    for digits, unit in NUMBER.findall(prose(text)):
        value = float(digits.rstrip(",").replace(",", "") or 0)
        found.add(round(value * UNITS.get(unit.lower(), 1), 6))
    return found


def attribute_names(text: str) -> list[str]:
    text = without(text, FENCE, CODE, MATH)
    return [WORDED.sub("", found).strip() for found in ATTRIBUTES.findall(text)]


SAME = {  # what must be equal: its name in a message, and how it is found
    "code block": fences,
    "link or picture": link_targets,
    "footnote": lambda text: NOTE.findall(without(text, FENCE, CODE)),
    "callout": divisions,
    "HTML": tags,
    "attribute": attribute_names,
    "code span": code_spans,
    "formula": formulas,
}
COUNTED = {
    "headings": heading_levels,
    "table cells": table_shape,
    "list items": list_items,
}


def differing(english: str, chinese: str) -> list[str]:
    """What stands on one side only."""
    found = []
    for name, find in SAME.items():
        here, there = Counter(find(english)), Counter(find(chinese))
        for each in here - there:
            found.append(f"{name} missing: {shortened(each)}")
        for each in there - here:
            found.append(f"{name} not in the English: {shortened(each)}")
    for name, count in COUNTED.items():
        if count(english) != count(chinese):
            found.append(
                f"{name}: {count(english)} in English, {count(chinese)} in Chinese"
            )
    return found


def shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 70 else text[:67] + "…"


def number_faults(english: str, chinese: str) -> list[str]:
    """Numbers of the English that the Chinese lacks, and numbers from nowhere."""
    ours, theirs = numbers(english), numbers(chinese)
    found = [f"number missing: {value:g}" for value in sorted(ours - theirs)]
    if not NUMBER_WORDS.search(prose(english)):
        found += [f"number not in the English: {v:g}" for v in sorted(theirs - ours)]
    return found


def is_fixed(term: str) -> bool:
    """Whether a term of the glossary has one translation wherever it occurs."""
    return term not in LOOSE


def term_faults(english: str, chinese: str, terms: dict[str, list[str]]) -> list[str]:
    """Terms whose translation is fixed, and words that this edition avoids."""
    text, translated = prose(english), prose(chinese, "")
    found = []
    for term, accepted in terms.items():
        pattern = re.sub(r"[ -]", r"[\\s–-]", term)
        if not re.search(rf"\b{pattern}(?:s|es)?\b", text, flags=re.I):
            continue
        accepted = accepted + ALSO.get(term, [])
        if not any(word.lower() in translated.lower() for word in accepted):
            found.append(f"term: “{term}” is {' or '.join(dict.fromkeys(accepted))}")
    for slip, better in SLIPS.items():
        if slip in translated:
            found.append(f"term: not {slip} but {better}")
    return found


def quoted(text: str) -> str:
    """The text without quotations, emphasis and the words of links, where English may stand."""
    text = re.sub(r"“[^”]*”|\"[^\"\n]*\"|《[^》]*》|‘[^’]*’", " ", text)
    text = re.sub(r"\*{1,2}[^*\n]+\*{1,2}|\[[^\]\n]*\](?=\()", " ", text)
    return text


def english_left(english: str, chinese: str) -> list[str]:
    """Sentences that were not translated."""
    words = re.findall(r"[A-Za-z][a-z]+", prose(english))
    if len(words) >= 4 and not re.search(rf"[{HAN}]", prose(chinese)):
        return ["not translated: no Chinese in it"]
    text = prose(quoted(chinese), " | ")
    runs = re.findall(r"[A-Za-z][A-Za-z'’-]*(?:[ ,;]+[A-Za-z][A-Za-z'’-]*){4,}", text)
    plain = [run for run in runs if len(re.findall(r"\b[a-z]+", run)) >= 3]
    return [f"not translated: {shortened(run)}" for run in plain]


def typography(chinese: str) -> list[str]:
    """Half-width punctuation behind Chinese, bold that GitHub does not see."""
    text = prose(chinese, "\0")
    found = [
        f"punctuation: {each.strip()}"
        for each in re.findall(rf"[{HAN}”》）][,;:?!](?=\s|\0|$|[{HAN}]).{{0,6}}", text)
    ]
    if re.search(r"@(?:fig|eq)-", chinese, flags=re.I):
        found.append("punctuation: write [图](#fig-…) or [公式](#eq-…) for @fig-… or @eq-…")
    for bold in re.finditer(r"\*\*([^*\n]+)\*\*(?=(.?))", chinese):
        if bold[1][-1] in "，。：；？！”）" and re.match(rf"[{HAN}]", bold[2]):
            found.append(f"punctuation inside the bold, text right behind it: {bold[0]}")
    if chinese != spaced(chinese):
        found.append(
            "spaces: put one between Chinese and Latin letters, digits, code, formulas"
        )
    return found


def faults(
    english: str,
    chinese: str,
    terms: dict[str, list[str]],  # English term: the Chinese words for it
    allowed: set[
        str
    ] = frozenset(),  # kinds that a translator has excused: numbers, terms, …
) -> list[str]:
    """Everything that is wrong with a translation, a line each."""
    kinds = {
        "same": lambda: differing(english, chinese),
        "numbers": lambda: number_faults(english, chinese),
        "terms": lambda: term_faults(english, chinese, terms),
        "english": lambda: english_left(english, chinese),
        "typography": lambda: typography(chinese),
    }
    found = []
    for kind, check in kinds.items():
        if kind not in allowed:
            found += check()
    return found


HALF_TO_FULL = str.maketrans(",;:?!", "，；：？！")


def spaced(text: str) -> str:
    """One space between Chinese and Latin letters, digits, code and formulas; full-width signs."""
    out = ""
    for is_prose, part in pieces(text):
        if is_prose:
            part = re.sub(
                rf"(?<=[{HAN}])[,;:?!](?=[{HAN}]|[ \n]|$)",
                lambda found: found[0].translate(HALF_TO_FULL),
                part,
            )
            part = re.sub(rf"([，；：？！。]) +(?=[{HAN}])", r"\1", part)
            part = re.sub(rf"(?<=[{HAN}])\.(?=\s|$)", "。", part)
            part = re.sub(rf"(?<=[{HAN}])(?=[A-Za-z0-9])", " ", part)
            part = re.sub(rf"(?<=[A-Za-z0-9%])(?=[{HAN}])", " ", part)
            if re.search(r"[`$]$", out) and re.match(rf"[{HAN}]", part):
                part = " " + part
        elif part[0] in "`$" and re.search(rf"[{HAN}]$", out):
            if not FENCE.match(part) and not part.startswith("$$"):
                part = " " + part
        out += part
    return out


def self_test() -> None:
    """Plant a fault of every kind; each must be found, and the right translation passes."""
    english = (
        "## The mask\n\nEach token, `q`, asks $x^2$ of 128 keys; see [chapter 4](a.ipynb#b).[^1]\n\n"
        '::: {.callout-note title="Why"}\nA mask is a tensor.\n:::\n\n```python\nx = 1  # one\n```\n\n'
        "| a | b |\n|---|---|\n| 1 | 2 |"
    )
    chinese = (
        "## 掩码\n\n每个词元 `q` 都向 128 个键询问 $x^2$；见[第 4 章](a.ipynb#b)。[^1]\n\n"
        '::: {.callout-note title="为什么"}\n掩码是一个张量。\n:::\n\n```python\nx = 1  # one\n```\n\n'
        "| 甲 | 乙 |\n|---|---|\n| 1 | 2 |"
    )
    terms = {"token": ["词元"], "tensor": ["张量"]}
    assert not faults(english, chinese, terms), faults(english, chinese, terms)
    planted = {
        "code span missing": ("`q`", ""),
        "code span not in": ("`q`", "`k`"),
        "formula missing": ("$x^2$", "$x^3$"),
        "link or picture missing": ("a.ipynb#b", "a.ipynb#乙"),
        "footnote missing": ("[^1]", ""),
        "number missing: 128": ("128", "127"),
        "callout missing": (".callout-note", ".callout-tip"),
        "code block missing": ("x = 1", "x = 2"),
        "headings": ("## 掩码", "### 掩码"),
        "table cells": ("| 甲 | 乙 |", "| 甲 |"),
        "term: “token”": ("词元", "单词"),
        "term: not 令牌": ("词元", "词元令牌"),
        "not translated": ("掩码是一个张量。", "张量。A mask is a tensor that hides."),
        "punctuation": ("每个词元 `q`", "每个词元,`q`"),
        "spaces": ("128 个", "128个"),
    }
    for message, (right, wrong) in planted.items():
        found = faults(english, chinese.replace(right, wrong, 1), terms)
        assert any(message in line for line in found), (message, found)
    assert not faults(english, chinese.replace("词元", "单词"), terms, {"terms"})
    assert spaced("用GPT训练`x`时,先看$y$的值.") == "用 GPT 训练 `x` 时，先看 $y$ 的值。"
    assert not number_faults("124 million weights", "1.24 亿个权重")
    assert number_faults("124 million weights", "124 亿个权重")
    assert not faults("Twice as long", "长 2 倍", {})
    assert not faults("@fig-a shows it.", "见[图](#fig-a)。", {})
    print(f"{len(planted)} planted faults, all found")


if __name__ == "__main__":
    self_test()
