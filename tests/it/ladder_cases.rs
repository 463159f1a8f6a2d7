//! More conflicts of every kind and in several languages, each both ways round.
//!
//! `⏎` stands for a line feed, so that a case stays readable.

use super::prose_cases::check;

/// Name, base, mine, theirs, and what comes out (`?`: a person is asked).
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const WORDS: &[Case] = &[
    (
        "german",
        "Das Treffen ist am Dienstag um zwölf im Raum vier.⏎",
        "Das Treffen ist am Donnerstag um zwölf im Raum vier.⏎",
        "Das Treffen ist am Dienstag um zwölf im Raum sieben.⏎",
        "Das Treffen ist am Donnerstag um zwölf im Raum sieben.⏎",
    ),
    (
        "german date touched twice",
        "Abgabe ist am 3. Mai 2024 im Büro.⏎",
        "Abgabe ist am 4. Mai 2024 im Büro.⏎",
        "Abgabe ist am 3. Juni 2024 im Büro.⏎",
        "?",
    ),
    (
        "german date, day and year",
        "Abgabe ist am 3. Mai 2024 im Büro.⏎",
        "Abgabe ist am 4. Mai 2024 im Büro.⏎",
        "Abgabe ist am 3. Mai 2025 im Büro.⏎",
        "?",
    ),
    (
        "date against place",
        "Abgabe ist am 3. Mai 2024 im großen Büro.⏎",
        "Abgabe ist am 4. Mai 2024 im großen Büro.⏎",
        "Abgabe ist am 3. Mai 2024 im großen Saal.⏎",
        "Abgabe ist am 4. Mai 2024 im großen Saal.⏎",
    ),
    ("english date", "It starts on May 3, 2024 in Rome.⏎", "It starts on May 4, 2024 in Rome.⏎", "It starts on May 3, 2025 in Rome.⏎", "?"),
    (
        "english date, other order",
        "It starts on 3 May 2024 in Rome.⏎",
        "It starts on 3 June 2024 in Rome.⏎",
        "It starts on 5 May 2024 in Rome.⏎",
        "?",
    ),
    (
        "spanish date",
        "La cita es el 3 de mayo de 2024 por la tarde.⏎",
        "La cita es el 4 de mayo de 2024 por la tarde.⏎",
        "La cita es el 3 de mayo de 2025 por la tarde.⏎",
        "?",
    ),
    ("iso date", "Due 2024-05-03 at the desk.⏎", "Due 2024-05-04 at the desk.⏎", "Due 2024-06-03 at the desk.⏎", "?"),
    (
        "french number",
        "Le loyer est de 1 250,00 € par mois.⏎",
        "Le loyer est de 1 300,00 € par mois.⏎",
        "Le loyer est de 2 250,00 € par mois.⏎",
        "?",
    ),
    (
        "french words",
        "Le loyer est de 1 250,00 € par mois pour la grande maison.⏎",
        "Le loyer est de 1 300,00 € par mois pour la grande maison.⏎",
        "Le loyer est de 1 250,00 € par mois pour la petite maison.⏎",
        "Le loyer est de 1 300,00 € par mois pour la petite maison.⏎",
    ),
    ("decimal number", "Take 3.14 litres of water.⏎", "Take 3.15 litres of water.⏎", "Take 4.14 litres of water.⏎", "?"),
    ("time", "Call at 12:30 from home.⏎", "Call at 12:45 from home.⏎", "Call at 13:30 from home.⏎", "?"),
    (
        "percent",
        "We keep 20% of the rent for repairs.⏎",
        "We keep 25% of the rent for repairs.⏎",
        "We keep 20€ of the rent for repairs.⏎",
        "?",
    ),
    (
        "both ends of a span",
        "Open from 10 until 12 each day.⏎",
        "Open from 9 until 12 each day.⏎",
        "Open from 10 until 13 each day.⏎",
        "Open from 9 until 13 each day.⏎",
    ),
    (
        "url",
        "See https://example.org/a/b?x=1&y=2 for more.⏎",
        "See https://example.org/a/c?x=1&y=2 for more.⏎",
        "See https://example.org/a/b?x=1&y=3 for more.⏎",
        "?",
    ),
    (
        "url against words",
        "See https://example.org/a/b?x=1 for more about it all.⏎",
        "See https://example.org/a/c?x=1 for more about it all.⏎",
        "See https://example.org/a/b?x=1 for more about the rest.⏎",
        "See https://example.org/a/c?x=1 for more about the rest.⏎",
    ),
    ("identifier", "Call merge_two_lists here.⏎", "Call merge_three_lists here.⏎", "Call merge_two_trees here.⏎", "?"),
    (
        "identifier with dashes",
        "Set max-line-width first of all things.⏎",
        "Set min-line-width first of all things.⏎",
        "Set max-line-height first of all things.⏎",
        "?",
    ),
    ("address", "Write to anna.k@example.org today.⏎", "Write to anna.m@example.org today.⏎", "Write to anna.k@example.com today.⏎", "?"),
    (
        "two insertions apart",
        "I was touring the old town.⏎",
        "I was here touring the old town.⏎",
        "I was touring the whole old town.⏎",
        "I was here touring the whole old town.⏎",
    ),
    (
        "two insertions at one spot",
        "I was touring the old town.⏎",
        "I was slowly touring the old town.⏎",
        "I was gladly touring the old town.⏎",
        "?",
    ),
    (
        "insertion beside a changed word",
        "I was touring the old town.⏎",
        "I was gladly touring the old town.⏎",
        "I was seeing the old town.⏎",
        "?",
    ),
    ("adjacent words", "The red house is ours now.⏎", "The blue house is ours now.⏎", "The red barn is ours now.⏎", "?"),
    (
        "one word between",
        "The red house is ours now.⏎",
        "The blue house is ours now.⏎",
        "The red house was ours now.⏎",
        "The blue house was ours now.⏎",
    ),
    (
        "same word, same change",
        "The colour is red and the size is four.⏎",
        "The colour is blue and the size is four.⏎",
        "The colour is blue and the size is five.⏎",
        "The colour is blue and the size is five.⏎",
    ),
    (
        "same word cut and changed",
        "It is very cold in the barn today.⏎",
        "It is cold in the barn today.⏎",
        "It is rather cold in the barn today.⏎",
        "?",
    ),
    ("repeated words", "No no no he said to them all.⏎", "No no he said to them all.⏎", "No never no he said to them all.⏎", "?"),
    (
        "cut holds an edit",
        "We left early, as always, to see the sea.⏎",
        "We left early to see the sea.⏎",
        "We left early, as ever, to see the sea.⏎",
        "?",
    ),
    ("both append a sentence", "It rained.⏎", "It rained. We stayed in.⏎", "It rained. They went out.⏎", "?"),
    (
        "append against an edit",
        "It rained all day in the valley.⏎",
        "It rained all day in the valley. We stayed in.⏎",
        "It snowed all day in the valley.⏎",
        "It snowed all day in the valley. We stayed in.⏎",
    ),
];

const SCRIPTS: &[Case] = &[
    (
        "chinese",
        "会议在星期二中午在四号房间举行。⏎",
        "会议在星期四中午在四号房间举行。⏎",
        "会议在星期二中午在七号房间举行。⏎",
        "会议在星期四中午在七号房间举行。⏎",
    ),
    ("chinese, same sign", "颜色是红的。⏎", "颜色是蓝的。⏎", "颜色是绿的。⏎", "?"),
    ("chinese, one word of two signs", "他住在北京市。⏎", "他住在南京市。⏎", "他住在北海市。⏎", "?"),
    ("chinese date", "截止日期是2024年5月3日。⏎", "截止日期是2024年5月4日。⏎", "截止日期是2024年6月3日。⏎", "?"),
    (
        "japanese",
        "会議は火曜日の正午に四号室で行います。⏎",
        "会議は木曜日の正午に四号室で行います。⏎",
        "会議は火曜日の正午に七号室で行います。⏎",
        "会議は木曜日の正午に七号室で行います。⏎",
    ),
    ("korean date", "마감은 2024년 5월 3일 오후입니다.⏎", "마감은 2024년 5월 4일 오후입니다.⏎", "마감은 2024년 6월 3일 오후입니다.⏎", "?"),
    (
        "arabic",
        "الاجتماع يوم الثلاثاء عند الظهر في الغرفة الرابعة.⏎",
        "الاجتماع يوم الخميس عند الظهر في الغرفة الرابعة.⏎",
        "الاجتماع يوم الثلاثاء عند الظهر في الغرفة السابعة.⏎",
        "الاجتماع يوم الخميس عند الظهر في الغرفة السابعة.⏎",
    ),
    ("hebrew, same word", "הצבע הוא אדום.⏎", "הצבע הוא כחול.⏎", "הצבע הוא ירוק.⏎", "?"),
    (
        "russian",
        "Встреча во вторник в полдень в комнате четыре.⏎",
        "Встреча в четверг в полдень в комнате четыре.⏎",
        "Встреча во вторник в полдень в комнате семь.⏎",
        "Встреча в четверг в полдень в комнате семь.⏎",
    ),
    ("emoji family is one", "We are 👨‍👩‍👧 at home.⏎", "We are 👨‍👩‍👧‍👦 at home.⏎", "We are 👩‍👧 at home.⏎", "?"),
    (
        "emoji apart",
        "Buy 🍎 and bring it to the 🏠 now.⏎",
        "Buy 🍐 and bring it to the 🏠 now.⏎",
        "Buy 🍎 and bring it to the 🏫 now.⏎",
        "Buy 🍐 and bring it to the 🏫 now.⏎",
    ),
    (
        "combining marks",
        "Le cafe\u{301} est au coin de la rue.⏎",
        "Le the\u{301} est au coin de la rue.⏎",
        "Le cafe\u{301} est au bout de la rue.⏎",
        "Le the\u{301} est au bout de la rue.⏎",
    ),
    ("a mark is no word", "Le cafe\u{301} est bon.⏎", "Le cafe est bon.⏎", "Le cafe\u{300} est bon.⏎", "?"),
];

const LINES: &[Case] = &[
    ("neighbouring rows of code", "let a = 1;⏎let b = 2;⏎", "let a = 3;⏎let b = 2;⏎", "let a = 1;⏎let b = 4;⏎", "let a = 3;⏎let b = 4;⏎"),
    (
        "three items, the middle one theirs",
        "- a one⏎- b two⏎- c three⏎",
        "- a eins⏎- b two⏎- c drei⏎",
        "- a one⏎- b zwei⏎- c three⏎",
        "- a eins⏎- b zwei⏎- c drei⏎",
    ),
    (
        "a new item beside a reworded one",
        "- green apples⏎- pears⏎",
        "- green apples from the market⏎- pears⏎",
        "- green apples⏎- plums⏎- pears⏎",
        "- green apples from the market⏎- plums⏎- pears⏎",
    ),
    (
        "a cut beside a reworded line",
        "- apples⏎- pears⏎- plums⏎",
        "- pears⏎- plums⏎",
        "- apples⏎- ripe pears⏎- plums⏎",
        "- ripe pears⏎- plums⏎",
    ),
    ("two new items at one spot", "- a⏎- z⏎", "- a⏎- mine⏎- z⏎", "- a⏎- theirs⏎- z⏎", "?"),
    ("both append", "# To do⏎⏎- a⏎", "# To do⏎⏎- a⏎- b⏎", "# To do⏎⏎- a⏎- c⏎", "?"),
    ("both prepend", "- a⏎", "- b⏎- a⏎", "- c⏎- a⏎", "?"),
    ("one appends more of the same", "- a⏎", "- a⏎- b⏎", "- a⏎- b⏎- c⏎", "- a⏎- b⏎- c⏎"),
    ("a line cut and edited", "one⏎two⏎three⏎", "one⏎three⏎", "one⏎two and a half⏎three⏎", "?"),
    ("repeated lines, one cut, one edited", "- x⏎- x⏎- x⏎", "- x⏎- x⏎", "- x⏎- y⏎- x⏎", "?"),
    ("blank lines apart: no clash, as with git", "a⏎⏎⏎⏎b⏎", "a⏎⏎⏎b⏎", "a⏎⏎new⏎⏎⏎b⏎", "a⏎⏎new⏎⏎b⏎"),
    ("a new line beside a cut", "a⏎b⏎c⏎", "a⏎c⏎", "a⏎b⏎new⏎c⏎", "?"),
    (
        "wrapped words that touch",
        "We walked along the river until the sun⏎went down behind the mill by the road.⏎",
        "We walked along the river until the moon⏎went down behind the mill by the road.⏎",
        "We walked along the river until the sun⏎came down behind the mill by the road.⏎",
        "?",
    ),
    (
        "wrapped words apart",
        "We walked along the river until the sun⏎went down behind the mill by the road.⏎",
        "We walked along the canal until the sun⏎went down behind the mill by the road.⏎",
        "We walked along the river until the sun⏎went down behind the barn by the road.⏎",
        "We walked along the canal until the sun⏎went down behind the barn by the road.⏎",
    ),
    ("one cut holds the other", "a a⏎b b⏎c c⏎d d⏎", "a a⏎d d⏎", "a a⏎c c⏎d d⏎", "a a⏎d d⏎"),
    ("cuts that overlap", "a a⏎b b⏎c c⏎d d⏎e e⏎", "a a⏎d d⏎e e⏎", "a a⏎b b⏎e e⏎", "?"),
];

const SPACE: &[Case] = &[
    (
        "rewrapped against a word",
        "One two three four⏎five six seven eight.⏎",
        "One two three⏎four five six⏎seven eight.⏎",
        "One two drei four⏎five six seven eight.⏎",
        "One two drei⏎four five six⏎seven eight.⏎",
    ),
    ("indented against a word", "if x:⏎call(a)⏎", "if x:⏎    call(a)⏎", "if x:⏎call(b)⏎", "if x:⏎    call(b)⏎"),
    (
        "spaces against a new word",
        "Buy milk and bread today.⏎",
        "Buy  milk  and  bread  today.⏎",
        "Buy milk and fresh bread today.⏎",
        "Buy  milk  and  fresh  bread  today.⏎",
    ),
    ("trailing space against a word", "Buy milk today.  ⏎", "Buy milk today.⏎", "Buy bread today.  ⏎", "Buy bread today.⏎"),
    (
        "joined lines against a cut",
        "We went home early⏎and slept very well⏎that night.⏎",
        "We went home early and slept very well that night.⏎",
        "We went home early⏎and slept well⏎that night.⏎",
        "We went home early and slept well that night.⏎",
    ),
    ("chinese and spaces", "我们 明天 去 北京⏎", "我们  明天  去  北京⏎", "我们 后天 去 北京⏎", "我们  后天  去  北京⏎"),
    ("rewrapped twice", "One two three four five six.⏎", "One two⏎three four⏎five six.⏎", "One two three⏎four five six.⏎", "?"),
    ("tabs and two spaces", "a⏎", "\ta⏎", "  a⏎", "?"),
];

const MOVES: &[Case] = &[
    (
        "an item moved down and edited",
        "- buy milk⏎- call Anna⏎- mow lawn⏎- read book⏎",
        "- call Anna⏎- mow lawn⏎- read book⏎- buy milk⏎",
        "- buy oat milk⏎- call Anna⏎- mow lawn⏎- read book⏎",
        "- call Anna⏎- mow lawn⏎- read book⏎- buy oat milk⏎",
    ),
    (
        "a paragraph moved to the end without newline",
        "First about houses.⏎⏎Second about gardens.⏎⏎Third about roads.",
        "Second about gardens.⏎⏎Third about roads.⏎⏎First about houses.",
        "First about barns.⏎⏎Second about gardens.⏎⏎Third about roads.",
        "Second about gardens.⏎⏎Third about roads.⏎⏎First about barns.",
    ),
    (
        "a function moved",
        "fn a() {⏎    one();⏎}⏎⏎fn b() {⏎    two();⏎}⏎⏎fn c() {⏎    three();⏎}⏎",
        "fn c() {⏎    three();⏎}⏎⏎fn a() {⏎    one();⏎}⏎⏎fn b() {⏎    two();⏎}⏎",
        "fn a() {⏎    one();⏎}⏎⏎fn b() {⏎    two();⏎}⏎⏎fn c() {⏎    four();⏎}⏎",
        "fn c() {⏎    four();⏎}⏎⏎fn a() {⏎    one();⏎}⏎⏎fn b() {⏎    two();⏎}⏎",
    ),
    (
        "moved, but it stands there twice",
        "same line here⏎a a⏎b b⏎c c⏎same line here⏎",
        "a a⏎b b⏎c c⏎same line here⏎same line here⏎",
        "same line there⏎a a⏎b b⏎c c⏎same line here⏎",
        "?",
    ),
    (
        "moved and cut: no clash, as with git",
        "First one.⏎⏎Second one.⏎⏎Third one.⏎",
        "Third one.⏎⏎First one.⏎⏎Second one.⏎",
        "First one.⏎⏎Second one.⏎",
        "Third one.⏎⏎First one.⏎⏎Second one.⏎",
    ),
    (
        "moved and edited by one, edited by the other",
        "First about houses.⏎⏎Second about gardens.⏎⏎Third about roads.⏎",
        "Third about old roads.⏎⏎First about houses.⏎⏎Second about gardens.⏎",
        "First about houses.⏎⏎Second about gardens.⏎⏎Third about new roads.⏎",
        "?",
    ),
];

const STRUCTURE: &[Case] = &[
    ("tick against the first word", "- [ ] call⏎", "- [x] call⏎", "- [ ] phone⏎", "- [x] phone⏎"),
    ("untick against an addition", "- [x] buy milk⏎", "- [ ] buy milk⏎", "- [x] buy milk and bread⏎", "- [ ] buy milk and bread⏎"),
    ("ticks of two lines", "- [ ] a⏎- [ ] b⏎", "- [x] a⏎- [ ] b⏎", "- [ ] a⏎- [x] b⏎", "- [x] a⏎- [x] b⏎"),
    (
        "cells of one row",
        "| name | age | town |⏎|---|---|---|⏎| Anna | 31 | Rome |⏎",
        "| name | age | town |⏎|---|---|---|⏎| Anna | 32 | Rome |⏎",
        "| name | age | town |⏎|---|---|---|⏎| Anna | 31 | Oslo |⏎",
        "| name | age | town |⏎|---|---|---|⏎| Anna | 32 | Oslo |⏎",
    ),
    ("one cell twice", "| Anna | 31 |⏎", "| Anna | 32 |⏎", "| Anna | 33 |⏎", "?"),
    ("an empty cell filled", "| Anna | | Rome |⏎", "| Anna | 31 | Rome |⏎", "| Anna | | Oslo |⏎", "| Anna | 31 | Oslo |⏎"),
    (
        "front matter, two keys",
        "---⏎title: A⏎date: 2024-01-01⏎---⏎text⏎",
        "---⏎title: B⏎date: 2024-01-01⏎---⏎text⏎",
        "---⏎title: A⏎date: 2024-02-02⏎---⏎text⏎",
        "---⏎title: B⏎date: 2024-02-02⏎---⏎text⏎",
    ),
    (
        "front matter, a new key beside a changed one",
        "---⏎title: A⏎draft: true⏎---⏎text⏎",
        "---⏎title: B⏎draft: true⏎---⏎text⏎",
        "---⏎title: A⏎tags: [x]⏎draft: true⏎---⏎text⏎",
        "---⏎title: B⏎tags: [x]⏎draft: true⏎---⏎text⏎",
    ),
    (
        "front matter, two new keys at one spot",
        "---⏎title: A⏎---⏎text⏎",
        "---⏎title: A⏎tags: [x]⏎---⏎text⏎",
        "---⏎title: A⏎draft: true⏎---⏎text⏎",
        "?",
    ),
    ("front matter, one key twice", "---⏎title: A⏎---⏎text⏎", "---⏎title: B⏎---⏎text⏎", "---⏎title: C⏎---⏎text⏎", "?"),
    (
        "front matter, a key cut and changed",
        "---⏎title: A⏎draft: true⏎---⏎text⏎",
        "---⏎title: A⏎---⏎text⏎",
        "---⏎title: A⏎draft: false⏎---⏎text⏎",
        "?",
    ),
];

const ENDINGS: &[Case] = &[
    ("crlf by one side", "a b c⏎d e f⏎", "a b c\r⏎d e f\r⏎", "a b c⏎d x f⏎", "a b c\r⏎d x f\r⏎"),
    ("lf by one side", "a b c\r⏎d e f\r⏎", "a b c⏎d e f⏎", "a b c\r⏎d x f\r⏎", "a b c⏎d x f⏎"),
    ("final newline added", "alpha⏎beta", "alpha⏎beta⏎", "alpha⏎beta gamma", "alpha⏎beta gamma⏎"),
    ("final newline cut, line appended", "alpha⏎", "alpha", "alpha⏎beta⏎", "alpha⏎beta"),
    ("mark added", "alpha⏎", "\u{FEFF}alpha⏎", "alpha beta⏎", "\u{FEFF}alpha beta⏎"),
    ("mark cut", "\u{FEFF}alpha⏎", "alpha⏎", "\u{FEFF}alpha beta⏎", "alpha beta⏎"),
    ("crlf and newline by different sides", "a⏎b⏎", "a\r⏎b\r⏎", "a⏎b", "a\r⏎b"),
    ("mixed endings stay", "a\r⏎b⏎c d e⏎", "a\r⏎b⏎x d e⏎", "a\r⏎b⏎c d y⏎", "a\r⏎b⏎x d y⏎"),
];

fn run(cases: &[Case]) {
    let text = |s: &str| s.replace('⏎', "\n").into_bytes();
    let bad: Vec<String> = cases
        .iter()
        .filter_map(|(name, b, m, t, want)| {
            let want = (*want != "?").then(|| text(want));
            check(name, &text(b), &text(m), &text(t), want.as_deref()).err()
        })
        .collect();
    assert!(bad.is_empty(), "{} wrong:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn words() {
    run(WORDS);
}

#[test]
fn scripts() {
    run(SCRIPTS);
}

#[test]
fn lines() {
    run(LINES);
}

#[test]
fn space() {
    run(SPACE);
}

#[test]
fn moves() {
    run(MOVES);
}

#[test]
fn structure() {
    run(STRUCTURE);
}

#[test]
fn endings() {
    run(ENDINGS);
}
