//! Laws of settling: sides come back byte for byte, history is exact, pieces reach every combination, a journal restores what was chosen,
//! and the verdict is silent only where nothing is missing.

use diptych::domain::merge::Kind;
use diptych::domain::note::{Content, FieldName, Value};
use diptych::domain::refine::Class;
use diptych::domain::settle::{Choice, Fate, Labels, Lost, RowChoice, Settle, Side, Status};
use proptest::prelude::*;
use std::sync::Arc;

use crate::property::tried;

fn open(base: &str, mine: &str, theirs: &str) -> Settle {
    Settle::open(base.into(), mine.into(), theirs.into(), &[Class::Same])
}

#[test]
fn words_of_an_old_encoding_are_words() {
    let side = |when: &str| [b"The caf\xe9 opens at ".as_slice(), when.as_bytes(), b".\n"].concat();
    let mut s = Settle::open(side("nine"), side("ten"), side("eight"), &[Class::Same]);
    let h = clash(&s);
    s.choose(h, Choice::Theirs);
    assert_eq!(s.verdict().iter().map(Lost::say).collect::<Vec<_>>(), ["dropped: mine changed “nine” to “ten”"]);
}

fn clash(s: &Settle) -> usize {
    s.hunks().iter().position(|h| h.kind == Kind::Clash).expect("a clash")
}

fn all_texts() -> Vec<Vec<u8>> {
    let lines: [&[u8]; 3] = [b"a\n", b"b\n", b"c"];
    let mut out: Vec<Vec<u8>> = vec![Vec::new()];
    for n in 1..=3usize {
        for code in 0..3usize.pow(u32::try_from(n).unwrap()) {
            out.push((0..n).flat_map(|i| lines[code / 3usize.pow(u32::try_from(i).unwrap()) % 3].to_vec()).collect());
        }
    }
    out.sort();
    out.dedup();
    out
}

fn keeps_sides(base: &[u8], mine: &[u8], theirs: &[u8]) {
    let mut s = Settle::open(base.to_vec(), mine.to_vec(), theirs.to_vec(), &[]);
    for (side, text) in [(Side::Mine, mine), (Side::Theirs, theirs)] {
        s.keep(side);
        assert_eq!(s.result().as_deref(), Some(text), "keeping {} of {base:?} {mine:?} {theirs:?}", side.name());
    }
}

#[test]
fn every_small_triple_gives_each_side_back_and_mirrors() {
    let texts = all_texts();
    for b in &texts {
        for m in &texts {
            for t in &texts {
                keeps_sides(b, m, t);
                let (s, swapped) = (
                    Settle::open(b.clone(), m.clone(), t.clone(), &Class::ALL),
                    Settle::open(b.clone(), t.clone(), m.clone(), &Class::ALL),
                );
                assert_eq!(s.counts(), swapped.counts(), "{b:?} {m:?} {t:?}");
                assert_eq!(s.result(), swapped.result(), "{b:?} {m:?} {t:?}");
            }
        }
    }
}

#[test]
fn three_edits_of_mine_and_two_of_theirs_reach_all_32_combinations() {
    let mut s = open(
        "The old meeting is on Monday at noon in room four with the whole team.\n",
        "The new meeting is on Tuesday at noon in room four with the small team.\n",
        "The old meeting was on Monday at noon in room seven with the whole team.\n",
    );
    let hunk = clash(&s);
    let atoms = s.atoms(hunk);
    assert_eq!(atoms.len(), 5, "{atoms:?}");
    let mut seen = std::collections::BTreeSet::new();
    for want in 0..32u32 {
        let on = (0..5).filter(|i| want & (1 << i) != 0).collect();
        s.choose(hunk, Choice::Atoms(on));
        seen.insert(s.result().expect("settled"));
    }
    assert_eq!(seen.len(), 32);
}

#[test]
fn pieces_that_change_the_same_word_give_way_to_each_other() {
    let mut s = open("on Monday\n", "on Tuesday\n", "on Friday\n");
    let hunk = clash(&s);
    assert!(s.toggle(hunk, 0));
    assert_eq!(s.choice(hunk), Some(&Choice::Mine), "all of mine's pieces are mine");
    assert!(s.toggle(hunk, 1));
    assert_eq!(s.choice(hunk), Some(&Choice::Theirs));
    assert!(s.toggle(hunk, 1));
    assert_eq!(s.choice(hunk), Some(&Choice::Base));
}

#[test]
fn added_lines_can_be_picked_one_by_one() {
    let mut s = open("list\n", "list\none\ntwo\n", "list\nthree\nfour\n");
    let hunk = clash(&s);
    assert_eq!(s.atoms(hunk).len(), 4);
    for atom in [0, 3] {
        s.toggle(hunk, atom);
    }
    assert_eq!(s.result().unwrap(), b"list\none\nfour\n");
    s.choose(hunk, Choice::TheirsThenMine);
    assert_eq!(s.result().unwrap(), b"list\nthree\nfour\none\ntwo\n");
}

#[test]
fn a_proposal_is_shown_but_open_until_accepted_and_each_automatic_piece_can_be_undone() {
    let base = "The meeting is on Monday at noon in room four.\n\nkept\n\nmine only\n";
    let mine = "The meeting is on Thursday at noon in room four.\n\nkept\n\nmine alone\n";
    let theirs = "The meeting is on Monday at noon in room seven.\n\nkept\n\nmine only\n";
    let mut s = open(base, mine, theirs);
    let hunk = clash(&s);
    assert_eq!(s.status(hunk), Status::Proposed);
    assert_eq!((s.counts().open, s.counts().proposals, s.counts().auto), (1, 1, 1));
    assert_eq!(s.result(), None);
    assert!(s.verdict().is_empty());
    s.accept(hunk);
    assert_eq!(s.result().unwrap(), b"The meeting is on Thursday at noon in room seven.\n\nkept\n\nmine alone\n");
    let auto = (0..s.hunks().len()).find(|h| s.status(*h) == Status::Auto).unwrap();
    s.choose(auto, Choice::Theirs);
    assert_eq!(s.counts().auto, 0);
    assert!(s.result().unwrap().ends_with(b"mine only\n"));
    assert_eq!(s.verdict().len(), 1);
    assert_eq!(s.verdict()[0].say(), "dropped: mine changed “only” to “alone”");
    let accepted = Settle::open(base.into(), mine.into(), theirs.into(), &[Class::DisjointWords]);
    assert!(accepted.is_settled(), "a class the person accepts is taken");
}

#[test]
fn what_both_sides_have_is_not_dropped_without_a_word() {
    let base = "The meeting is on Monday at noon in room four.\n";
    let mut s = open(base, &base.replace("Monday", "Thursday"), &base.replace("four", "seven"));
    let hunk = clash(&s);
    let common = |s: &Settle| s.verdict().iter().filter(|l| l.side == Side::Base).map(Lost::say).collect::<Vec<_>>();
    s.choose(hunk, Choice::Neither);
    assert_eq!(common(&s), ["dropped: both have “The meeting is on … at noon in room”"]);
    s.choose(hunk, Choice::Typed(Arc::new(b"The gathering is on Thursday at twelve in room seven.\n".to_vec())));
    assert_eq!(common(&s), [""; 0], "a rewording is not a loss");
    s.choose(hunk, Choice::Typed(Arc::new(b"Thursday in room seven.\n".to_vec())));
    assert_eq!(common(&s), ["dropped: both have “The meeting is on … at noon”"]);
}

#[test]
fn typed_text_that_equals_a_stock_answer_becomes_it_and_typing_is_one_step() {
    let mut s = open("a\n", "mine\n", "theirs\n");
    let hunk = clash(&s);
    for text in ["m", "mi", "min", "mine and more\n"] {
        s.type_text(hunk, text.as_bytes());
    }
    assert_eq!(s.hunk_bytes(hunk), b"mine and more\n");
    s.undo();
    assert_eq!(s.choice(hunk), None);
    s.redo();
    assert_eq!(s.hunk_bytes(hunk), b"mine and more\n");
    s.type_text(hunk, b"mine\n");
    assert_eq!(s.choice(hunk), Some(&Choice::Mine));
    assert_eq!(s.choice(hunk).unwrap().name(), "mine");
}

#[test]
fn the_verdict_names_what_is_missing_and_what_stands_twice() {
    let mut s = open("on Monday at noon, room four\n", "on Tuesday at noon, room four\n", "on Friday at noon, room four\n");
    let hunk = clash(&s);
    s.choose(hunk, Choice::Mine);
    assert_eq!(s.verdict().iter().map(|l| l.say()).collect::<Vec<_>>(), ["dropped: theirs changed “Monday” to “Friday”"]);
    s.type_text(hunk, b"on Tuesday Friday at noon, room four\n");
    assert_eq!(s.verdict(), []);
    let mut s = open("x\n", "a longer sentence of both\nmine\n", "a longer sentence of both\ntheirs\n");
    if let Some(hunk) = (0..s.hunks().len()).find(|h| s.hunks()[*h].kind == Kind::Clash) {
        s.type_text(hunk, b"a longer sentence of both\nmine\ntheirs\na longer sentence of both\n");
        assert!(s.verdict().iter().all(|l| l.fate == Fate::Doubled), "{:?}", s.verdict());
    }
}

#[test]
fn the_verdict_sees_what_unasked_edits_do_to_each_other() {
    let say = |b: &str, m: &str, t: &str| open(b, m, t).verdict().iter().map(Lost::say).collect::<Vec<_>>();
    let note = "One line.\n\nTwo lines.\n\nThree lines.\n";
    let new = "A paragraph of both.\n\n";
    let (mine, theirs) = (format!("{new}{note}"), format!("{note}\n{new}"));
    let twice = ["twice: mine and theirs both added “A paragraph of both.”, at two places"];
    assert_eq!(say(note, &mine, theirs.trim_end_matches('\n')), twice);
    assert_eq!(say(note, &mine, note), [""; 0]);
    let moved = "Three lines.\n\nOne line.\n\nTwo lines.\n";
    assert_eq!(say(note, moved, "One line.\n\nTwo lines.\n"), ["dropped: theirs removed “Three lines.”"]);
    assert_eq!(say(note, "One line.\n\nTwo lines.\n", moved), ["dropped: mine removed “Three lines.”"]);
    let head = |keys: &str| format!("---\n{keys}---\ntext\n");
    let (mine, theirs) = (head("lang: de\ntitle: a\ndate: b\n"), head("title: a\ndate: b\nlang: en\n"));
    assert_eq!(say(&head("title: a\ndate: b\n"), &mine, &theirs), ["twice: mine and theirs both added “lang”, at two places"]);
    assert_eq!(say(&head("title: a\ndate: b\n"), &mine, &head("title: a\ndate: b\nmood: en\n")), [""; 0]);
}

#[test]
fn endings_are_a_row_of_their_own() {
    let mut s = open("a\nb\n", "a\nB\n", "a\r\nb\r\n");
    assert_eq!(s.rows().len(), 1, "{:?}", s.rows());
    assert_eq!(s.result().unwrap(), b"a\r\nB\r\n");
    s.choose_row(0, RowChoice::Mine);
    assert_eq!(s.result().unwrap(), b"a\nB\n");
    s.undo();
    assert_eq!(s.result().unwrap(), b"a\r\nB\r\n");
    keeps_sides(b"a\nb\n", b"a\nB\n", b"a\r\nb\r\n");
    keeps_sides(b"a\r\nb\r\n", b"\xEF\xBB\xBFa\r\nB\r\n", b"a\nb");
}

#[test]
fn fields_and_deletion_are_rows() {
    let content = |title: &str, body: &str, tags: &[&str], cents: i64| Content {
        title: title.into(),
        body: body.into(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        fields: [("price_cents".to_owned(), Value::Int(cents))].into(),
        deleted: false,
    };
    let base = content("t", "x\n", &["a", "b"], 1);
    let (mine, mut theirs) = (content("mine", "x\n", &["a", "b", "m"], 2), content("theirs", "x\n", &["a", "t"], 3));
    let mut s = Settle::open_note(Some(&base), &mine, &theirs, &[FieldName::Field("price_cents".into())], &[]);
    assert_eq!(s.counts().open, 1);
    assert_eq!(s.content(Some(&base), &mine, &theirs), None);
    let row = s.rows().iter().position(|r| r.asks()).unwrap();
    s.choose_row(row, RowChoice::Theirs);
    let done = s.content(Some(&base), &mine, &theirs).unwrap();
    assert_eq!((done.title.as_str(), done.tags.join(" "), &done.fields["price_cents"]), ("mine", "a m t".to_owned(), &Value::Int(3)));
    s.keep(Side::Mine);
    assert_eq!(s.content(Some(&base), &mine, &theirs), Some(mine.clone()));
    assert_eq!(s.outcome(), "mine");
    s.keep(Side::Theirs);
    assert_eq!(s.content(Some(&base), &mine, &theirs), Some(theirs.clone()));

    theirs = Content { deleted: true, ..base.clone() };
    let mut s = Settle::open_note(Some(&base), &mine, &theirs, &[FieldName::Deleted], &[]);
    assert_eq!((s.counts().open, s.rows()[0].name.to_string()), (1, "note".to_owned()));
    s.choose_deleted();
    assert!(s.is_settled() && s.deletes());
    s.choose_row(0, RowChoice::Mine);
    assert_eq!(s.content(Some(&base), &mine, &theirs), Some(mine));
}

#[test]
fn a_second_conflict_asks_only_what_is_new() {
    let base = "one\n\ntwo\n\nthree\n\nfour\n";
    let mine = "one m\n\ntwo m\n\nthree m\n\nfour\n";
    let mut old = open(base, mine, "one t\n\ntwo t\n\nthree\n\nfour\n");
    let hunks: Vec<usize> = old.open_hunks().collect();
    assert_eq!(hunks.len(), 2);
    old.choose(hunks[0], Choice::Theirs);
    old.type_text(hunks[1], b"two, typed\n");
    let mut new = open(base, mine, "one t\n\ntwo t\n\nthree t\n\nfour\n");
    let restored = new.carry_over(&old);
    assert_eq!((restored.kept, restored.lost, restored.new.len()), (2, 0, 1));
    assert_eq!(restored.say().unwrap(), "Theirs moved on: 2 choices kept; 1 place is new.");
    let asks = restored.new[0];
    assert_eq!(new.side(asks, Side::Mine), b"three m\n");
}

#[test]
fn markers_are_longer_than_any_look_alike() {
    let s = open("a\n", "<<<<<<<<< mine\n", "b");
    let text = String::from_utf8(s.with_markers(&Labels::default())).unwrap();
    assert_eq!(text, "<<<<<<<<<< mine\n<<<<<<<<< mine\n|||||||||| base\na\n==========\nb\n>>>>>>>>>> theirs\n");
    assert!(s.has_new_markers(b"x\n<<<<<<< HEAD\n<<<<<<< again\n"));
    assert!(!s.has_new_markers(b"<<<<<<<<< mine\n"));
}

fn texts() -> impl Strategy<Value = [Vec<u8>; 3]> {
    let word = prop_oneof![
        Just("a"),
        Just("bb"),
        Just("漢字"),
        Just("👍🏽"),
        Just(" "),
        Just("\n"),
        Just("\r\n"),
        Just("\n\n"),
        Just("Monday "),
        Just("the "),
        Just("x, ")
    ];
    let text = prop::collection::vec(word, 0..14).prop_map(|w| w.concat().into_bytes());
    let noise = prop::collection::vec(any::<u8>(), 0..6);
    let side = (text.clone(), prop::option::weighted(0.1, noise)).prop_map(|(mut t, n)| {
        t.extend(n.into_iter().flatten());
        t
    });
    [side.clone(), side.clone(), side]
}

fn act(s: &mut Settle, op: u8, at: usize, text: &[u8]) {
    let n = s.hunks().len().max(1);
    let hunk = at % n;
    match op {
        0 => drop(s.choose(hunk, Choice::Mine)),
        1 => drop(s.choose(hunk, Choice::Theirs)),
        2 => drop(s.choose(hunk, Choice::MineThenTheirs)),
        3 => drop(s.choose(hunk, Choice::Neither)),
        4 => drop(s.toggle(hunk, at / n)),
        5 => drop(s.type_text(hunk, text)),
        6 => drop(s.accept(hunk)),
        7 => drop(s.reset(hunk)),
        8 => drop(s.same_as_last(hunk)),
        9 => drop(s.accept_all()),
        10 => drop(s.choose_open(Side::Theirs)),
        11 => drop(s.choose_row(0, RowChoice::Mine)),
        _ => s.seal(),
    }
}

fn seen(s: &Settle) -> (Vec<Option<Choice>>, Vec<u8>, diptych::domain::settle::Counts) {
    ((0..s.hunks().len()).map(|h| s.choice(h).cloned()).collect(), s.draft(), s.counts())
}

proptest! {
    #![proptest_config(tried(300))]

    #[test]
    fn any_bytes_come_back_as_they_were([b, m, t] in texts()) {
        keeps_sides(&b, &m, &t);
    }

    #[test]
    fn pieces_of_one_side_make_that_side([b, m, t] in texts()) {
        let s = Settle::open(b, m, t, &[]);
        for h in 0..s.hunks().len() {
            let atoms = s.atoms(h);
            for side in [Side::Mine, Side::Theirs] {
                let mut s = s.clone();
                let on = (0u32..).zip(&atoms).filter(|(_, a)| a.is_of(side)).map(|(i, _)| i).collect();
                s.choose(h, Choice::Atoms(on));
                if s.hunks()[h].kind != Kind::Equal {
                    prop_assert_eq!(s.hunk_bytes(h), s.side(h, side).to_vec());
                }
            }
        }
    }

    #[test]
    fn two_hundred_steps_are_undone_and_redone([b, m, t] in texts(), ops in prop::collection::vec((0u8..13, 0usize..40, prop::collection::vec(any::<u8>(), 0..5)), 200)) {
        let mut s = Settle::open(b, m, t, &[Class::Same]);
        let first = seen(&s);
        for (op, at, text) in &ops {
            act(&mut s, *op, *at, text);
        }
        let last = seen(&s);
        let whole: Vec<u8> = (0..s.hunks().len()).flat_map(|h| s.parts(h).iter().flat_map(|p| p.text.to_vec()).collect::<Vec<_>>()).collect();
        let pieces: Vec<u8> = (0..s.hunks().len()).flat_map(|h| s.hunk_bytes(h)).collect();
        prop_assert_eq!(whole, pieces, "the pieces with their origins are the result");
        while s.undo().is_some() {}
        prop_assert_eq!(seen(&s), first);
        while s.redo().is_some() {}
        prop_assert_eq!(seen(&s), last);
    }

    #[test]
    fn a_journal_restores_what_was_chosen([b, m, t] in texts(), ops in prop::collection::vec((0u8..13, 0usize..40, prop::collection::vec(any::<u8>(), 0..5)), 0..20)) {
        let mut s = Settle::open(b.clone(), m.clone(), t.clone(), &[Class::Same]);
        for (op, at, text) in &ops {
            act(&mut s, *op, *at, text);
        }
        let journal = s.journal(Some(0));
        let mut back = Settle::open(b, m, t, &[Class::Same]);
        let restored = back.restore(&journal);
        prop_assert_eq!(restored.lost, 0);
        prop_assert_eq!(seen(&back), seen(&s));
    }

    #[test]
    fn any_bytes_as_a_journal_do_no_harm([b, m, t] in texts(), noise in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut s = Settle::open(b, m, t, &[]);
        s.restore(&[b"diptych settle 1\n", &noise[..]].concat());
        let _ = s.draft();
    }

    #[test]
    fn the_verdict_is_silent_only_if_nothing_is_dropped([b, m, t] in texts()) {
        let mut s = Settle::open(b, m, t, &[]);
        for h in s.open_hunks().collect::<Vec<_>>() {
            s.choose(h, Choice::Mine);
            let theirs_alone = s.atoms(h).iter().any(|a| a.is_of(Side::Theirs) && !a.is_of(Side::Mine));
            if s.verdict_of(h).is_empty() {
                // Then mine already holds all that theirs did, so that taking theirs' pieces too adds none of their words.
                let mine = s.side(h, Side::Mine);
                for a in s.atoms(h).iter().filter(|a| a.is_of(Side::Theirs)) {
                    let new = &s.text(Side::Theirs)[a.theirs.clone()];
                    prop_assert!(new.is_empty() || mine.windows(new.len()).any(|w| w == new), "{new:?} of theirs is not in {mine:?}");
                }
            } else {
                prop_assert!(theirs_alone);
            }
        }
    }
}
