//! What the targets share: three texts from a few bytes.
//!
//! Most bytes of a random text are wasted on lines that nobody shares. So a byte stands for a line or a word of a small stock, and a
//! side is base with some edits; that way a short input reaches deep. One of the shapes takes bytes as they come.

/// Three texts: base, mine, theirs.
pub type Texts = [Vec<u8>; 3];

/// Bytes that one text is made of at most, so that a run stays short.
const MOST: usize = 400;

const LINES: [&str; 16] = [
    "\n", "}\n", "one\n", "two\n", "- item\n", "- [ ] task\n", "- [x] task\n", "| a | b |\n", "---\n", "tags: x\n", "title: y\n", "A longer line of words.\n",
    "Another line, 12.5 kg on 3 May 2024.\n", "漢字の行です。\n", "with end\r\n", "no end",
];

const WORDS: [&str; 32] = [
    " ", "the ", "meeting ", "is ", "on ", "Tuesday ", "Thursday ", "at ", "12:30 ", "\n", "\n\n", "- ", "[ ] ", "[x] ", "| ", "a ", "b ", ", ", ". ",
    "https://a.b/c ", "20 % ", "1 250,00 ", "会", "議", "は", "👍🏽 ", "e\u{301} ", "שלום ", "\u{202e}", "\r\n", "\t", "\u{a0}",
];

/// Texts of lines from a stock, of words from a stock, long texts of lines (which are compared in windows), or any bytes.
#[must_use]
pub fn texts(data: &[u8]) -> Texts {
    let Some((shape, data)) = data.split_first() else { return Texts::default() };
    let data = &data[..data.len().min(3 * MOST)];
    match shape % 4 {
        0 => edited(data, |b, out| out.extend_from_slice(LINES[usize::from(b) % 16].as_bytes())),
        1 => edited(data, |b, out| out.extend_from_slice(WORDS[usize::from(b) % 32].as_bytes())),
        2 => {
            let mut n = 0;
            edited(data, |b, out| {
                n += 1;
                out.extend_from_slice(LINES[usize::from(b) % 16].as_bytes());
                // What stands between is the same for all, as far as nothing was put in or taken out before it.
                if b % 3 == 0 {
                    (0..64).for_each(|i| out.extend_from_slice(format!("{} filler line of {b}\n", (n + i) % 200).as_bytes()));
                }
            })
        }
        _ => {
            let mut parts = data.splitn(3, |b| *b == 0xFF);
            [(); 3].map(|()| parts.next().unwrap_or_default().to_vec())
        }
    }
}

/// Base as the bytes up to 0xFF say; then edits of mine up to the next, then of theirs: place, how many go, what comes.
fn edited(data: &[u8], mut say: impl FnMut(u8, &mut Vec<u8>)) -> Texts {
    let mut parts = data.splitn(3, |b| *b == 0xFF);
    let base = parts.next().unwrap_or_default().to_vec();
    let sides = [(); 2].map(|()| {
        let mut side = base.clone();
        for edit in parts.next().unwrap_or_default().chunks_exact(3).take(12) {
            let at = usize::from(edit[0]) % (side.len() + 1);
            let end = (at + usize::from(edit[1] % 4)).min(side.len());
            let new = if edit[1] & 0x80 == 0 { vec![edit[2]] } else { vec![edit[2]; usize::from(edit[1] >> 4 & 7)] };
            side.splice(at..end, new);
        }
        side
    });
    let [mine, theirs] = sides;
    [base, mine, theirs].map(|ids| {
        let mut out = Vec::new();
        ids.iter().for_each(|b| say(*b, &mut out));
        out
    })
}
