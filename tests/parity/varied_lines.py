"""Lines of every kind that a tokenizer meets: prose in many scripts, code, numbers, emoji, blanks, control characters,
long runs and random mixtures. Deterministic by seed; used by the fixture generators only."""
import random

PROSE = [
    "The quick brown fox jumps over the lazy dog, doesn't it?",
    "I'm sure we'll see what they've done; she'd said it's theirs. I'LL, WE'RE, CAN'T, 'twas, rock'n'roll.",
    "Der Fluß fließt übermäßig schnell, größer als je zuvor.",
    "L'été dernier, nous avons mangé à la crêperie « Chez Zoé ».",
    "El niño comió piñas mañana por la mañana, ¿verdad?",
    "Šeří se den, žluťoučký kůň úpěl ďábelské ódy.",
    "Zażółć gęślą jaźń, proszę bardzo.",
    "Mọi người sinh ra đều tự do; Cửa Việt đẹp lắm.",
    "Привет, мир! Съешь же ещё этих мягких французских булок.",
    "Καλημέρα κόσμε, πώς είσαι σήμερα;",
    "مرحبا بالعالم، كيف حالك اليوم؟ ١٢٣٤٥",
    "שלום עולם, מה שלומך היום?",
    "नमस्ते दुनिया, आप कैसे हैं? १२३४५",
    "ওহে বিশ্ব, আপনি কেমন আছেন? ১২৩",
    "வணக்கம் உலகம், எப்படி இருக்கிறீர்கள்?",
    "สวัสดีชาวโลก วันนี้เป็นอย่างไรบ้าง ๑๒๓",
    "你好，世界！今天天气怎么样？一二三四五",
    "こんにちは世界、今日はいい天気ですね。カタカナも。",
    "안녕하세요 세계, 오늘 어떻게 지내세요?",
    "გამარჯობა მსოფლიო, როგორ ხარ დღეს?",
    "Բարեւ աշխարհ, ինչպես ես այսօր:",
    "ሰላም ልዑል፣ ዛሬ እንዴት ነህ?",
    "ជំរាបសួរពិភពលោក តើអ្នកសុខសប្បាយជាទេ",
    "ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ and 𐍈𐌴𐍂 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚",
]
CODE = [
    "for (std::size_t i = 0; i < n; ++i) { sum += a[i] * b[i]; }",
    "    if x is not None and x >= 0.5e-3:\n        return [y ** 2 for y in x]\n",
    "\tconst auto& [key, value] = *map.find(\"it's\");\r\n\treturn value;\r\n",
    "SELECT name, COUNT(*) FROM users WHERE age >= 18 GROUP BY name;",
    "curl -s https://example.com/a?b=c&d=%20e#frag | grep -E '^[0-9]+$' > /dev/null 2>&1",
    "{\"id\": 12345, \"tags\": [\"a\", \"b\"], \"nested\": {\"pi\": 3.14159, \"ok\": true}}",
    "fn main() -> Result<(), Box<dyn Error>> { println!(\"{:?}\", vec![1, 2, 3]); Ok(()) }",
    "<div class=\"row\"><!-- comment --><p>Hello&nbsp;world</p></div>",
    "#!/bin/sh\nset -eu\n\n\n# two blank lines above\nexit 0\n",
    "def f(self, *args, **kwargs): return super().__init__(*args, **kwargs)  # noqa: E501",
    "x = 0x1F + 0b1010 - 1_000_000 // 7 % 3; y = ~x ^ 0o17 << 2",
    "snake_case_name camelCaseName PascalCase SCREAMING_SNAKE kebab-case v1.2.3-rc4",
]
ODD = [
    "", " ", "  ", " " * 20, "\t", "\n", "\n\n", "\n" * 5, "\r\n", "\r\n\r\n", "   \n", "\n   ", "a \n b", "a\n\n\nb",
    "foo\n  bar", "trailing  ", "   leading", "a  b   c    d", "a\u00a0b", "\u00a0x", "x\u3000y", "\u2003\u2003z",
    "\u200b", "\ufeffhi", "\u2028", "a\u2029b", "\u180e", "\u180e x", "\u0085", "x\u0085y", "\u000b", "\u000c", "\u001c",
    "a\u001cb\u001d\u001e\u001f", "a\u0000b", "\u0001\u0002\u0007\u0008\u001b[31m", "\u007f\u0080\u009f",
    "'", "''", "'s", "'S", "'\u017f", "a'\u017fb", "x's", "can''t", "\"'t", "we'LL've'd", "'re'RE'rE", "\u2019s it\u2019s",
    "½", "Ⅻ", "①②③", "x²y³", "٣٤٥", "1", "12", "123", "1234", "1234567890", "3.14", "1,234.5", "100%", "$5.00", "a1b2",
    "\U0001ccf0\U0001ccf1", "\U00011de0\U00011de9 \U00016ff4", "e\u0301", "é", "n\u0303o", "क्षि", "ก็", "ﬁ", "ǅ", "ʰ", "ª",
    "🙂", "👩\u200d👩\u200d👧", "🇫🇷🇩🇪", "👍🏽", "❤️", "🙂🙂🙂", "a🙂b", "☃ ☂", "\U0010ffff", "\ufffd", "\ufffe\uffff",
    "!!!", "...", "--", "=====", "———", "«»", "¿¡", "()[]{}", "#### 42", "<<48/2=24>>24", "---\n***\n___",
    "<|im_start|>user\nHi<|im_end|>\n", "<|im_end|><|im_end|>", "a<|im_end|> b", "<|im_end", "|im_end|>", "<|endoftext|>",
    "<|begin_of_text|>x<|eot_id|>", "<|not_special|>", "<file_sep><filename>", "<|<|im_end|>|>",
    "a" * 30, "a" * 700, " " * 300 + "x", "=" * 200, "ab" * 400, "1" * 100, "\n" * 60, "\t" * 50 + "x", "🙂" * 60,
    "Ж" * 120, "的" * 90, "'" * 40, "a " * 60, " \n" * 40, "Donaudampfschifffahrtsgesellschaftskapitän" * 6,
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODkrLw==" * 4,
]
ALPHABETS = [
    "abcdefghij ABC 012 .,'!\n\t",
    " \n\r\t\u00a0\u0085\u2003\u3000a1.",
    "'sStTmMdDrReEvVlL\u017f xa",
    "абвгд жзий 12",
    "αβγ κόσ ",
    "ابتث ١٢ ",
    "कखग ि ् १",
    "你我他 們。，",
    "あいう カナ ー",
    "가나다 라",
    "กขค ็ ่",
    "🙂👍🏽❤️\u200d a",
    "\u0000\u0001\u001c\u001f\u007f\u200b\u180e\ufeff x",
    "{}[]()<>=+-*/_;:\"' x1\n    ",
    "0123456789.,%$ ",
]


def any_character(rng):
    while True:
        c = rng.randrange(rng.choice([0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000]))
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def fuzz_line(rng):
    kind = rng.randrange(4)
    if kind == 0:
        alphabet = rng.choice(ALPHABETS)
        return "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 60)))
    if kind == 1:
        return "".join(any_character(rng) for _ in range(rng.randrange(1, 40)))
    if kind == 2:
        words = " ".join(PROSE + CODE).split(" ")
        return "".join(rng.choice(words) + rng.choice([" ", " ", " ", "  ", "\n", "", "\t"]) for _ in range(rng.randrange(1, 16)))
    parts = [rng.choice(PROSE + CODE + ODD) for _ in range(2)]
    cut = [part[rng.randrange(len(part) + 1) :][:120] for part in parts]
    return "".join(cut)


def varied_lines(count, seed=20250131):
    """The fixed lines, then random ones, `count` together."""
    rng = random.Random(seed)
    lines = PROSE + CODE + ODD
    while len(lines) < count:
        lines.append(fuzz_line(rng))
    return lines[:count]
