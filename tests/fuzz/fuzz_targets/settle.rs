//! Any three texts and any operations: the pieces are the result, undo leads back, redo leads there again, a journal restores the
//! choices, and any bytes read as a journal do no harm.
#![no_main]

use diptych::domain::refine::Class;
use diptych::domain::settle::{Choice, RowChoice, Settle, Side};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((ops, data)) = data.split_first() else { return };
    let (ops, data) = data.split_at((usize::from(*ops) % 64 * 3).min(data.len()));
    let [base, mine, theirs] = diptych_fuzz::texts(data);
    let accept: &[Class] = if ops.len() % 2 == 0 { &[Class::Same] } else { &Class::ALL };
    let mut s = Settle::open(base, mine, theirs, accept);
    let fresh = s.clone();
    if ops.first() == Some(&0xFE) {
        s.restore(&[b"diptych settle 1\n", data].concat());
        let _ = s.draft();
        return;
    }
    for op in ops.chunks_exact(3) {
        act(&mut s, op);
    }
    let last = seen(&s);
    let whole: Vec<u8> = (0..s.hunks().len()).flat_map(|h| s.parts(h).iter().flat_map(|p| p.text.to_vec()).collect::<Vec<_>>()).collect();
    let pieces: Vec<u8> = (0..s.hunks().len()).flat_map(|h| s.hunk_bytes(h)).collect();
    assert_eq!(whole, pieces);
    for h in s.open_hunks().collect::<Vec<_>>() {
        let _ = s.verdict_of(h);
    }
    let mut back = fresh.clone();
    assert_eq!(back.restore(&s.journal(Some(0))).lost, 0);
    assert_eq!(seen(&back), last);
    while s.undo().is_some() {}
    assert_eq!(seen(&s), seen(&fresh));
    while s.redo().is_some() {}
    assert_eq!(seen(&s), last);
});

fn seen(s: &Settle) -> (Vec<Option<Choice>>, Vec<u8>) {
    ((0..s.hunks().len()).map(|h| s.choice(h).cloned()).collect(), s.draft())
}

fn act(s: &mut Settle, op: &[u8]) {
    let n = s.hunks().len().max(1);
    let hunk = usize::from(op[1]) % n;
    match op[0] % 16 {
        0 => drop(s.choose(hunk, Choice::Mine)),
        1 => drop(s.choose(hunk, Choice::Theirs)),
        2 => drop(s.choose(hunk, Choice::MineThenTheirs)),
        3 => drop(s.choose(hunk, Choice::TheirsThenMine)),
        4 => drop(s.choose(hunk, Choice::Neither)),
        5..8 => drop(s.toggle(hunk, usize::from(op[2]) % 16)),
        8 => drop(s.type_text(hunk, &[b"the ", &op[2..]].concat())),
        9 => drop(s.accept(hunk)),
        10 => drop(s.reset(hunk)),
        11 => drop(s.same_as_last(hunk)),
        12 => drop(s.accept_all()),
        13 => drop(s.choose_open(if op[2] % 2 == 0 { Side::Mine } else { Side::Theirs })),
        14 => drop(s.choose_row(usize::from(op[2]) % 3, RowChoice::Mine)),
        _ => s.seal(),
    }
}
