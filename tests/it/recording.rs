//! The recording in the README: a refused save settled in the running program, as one SVG that moves by itself.
//!
//! `cargo test --test it recording -- --ignored` makes it anew. A row of the screen is drawn once for all the frames that show it alike, and
//! a style sheet says when it is seen; who wants no motion sees the merge screen.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::pictures;
use crate::pty::{Home, Term};

const SIZE: (u16, u16) = (100, 30);

/// What was seen, and for how long.
#[derive(Default)]
struct Film {
    /// The rows of each frame, and for how many milliseconds it is shown.
    frames: Vec<(Vec<String>, u32)>,
    /// The frame that stands for all of them.
    still: usize,
}

impl Film {
    fn take(&mut self, term: &Term, ms: u32) {
        // A frame comes in pieces: it is whole when nothing has changed for a while.
        let (last, alike) = (RefCell::new(String::new()), Cell::new(0));
        term.wait_for("stillness", |text| {
            alike.set(if *last.borrow() == text { alike.get() + 1 } else { 0 });
            text.clone_into(&mut last.borrow_mut());
            alike.get() > 8
        });
        let rows = term.screen(|screen| (0..SIZE.1).map(|y| pictures::row(screen, y)).collect());
        self.frames.push((rows, ms));
    }

    /// Each row as it was seen, with the frames that show it so.
    fn rows(&self) -> BTreeMap<(usize, &str), Vec<usize>> {
        let mut out: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for (n, (rows, _)) in self.frames.iter().enumerate() {
            for (y, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
                out.entry((y, row)).or_default().push(n);
            }
        }
        out
    }

    fn svg(&self) -> String {
        let mut at = vec![0];
        at.extend(self.frames.iter().scan(0, |sum, (_, ms)| {
            *sum += ms;
            Some(*sum)
        }));
        let whole = at[self.frames.len()];
        let mut shown: BTreeMap<Vec<usize>, String> = BTreeMap::new();
        for ((_, row), frames) in self.rows() {
            shown.entry(frames).or_default().push_str(row);
        }
        let (mut style, mut inside) = (String::new(), String::new());
        for (n, (frames, rows)) in shown.iter().enumerate() {
            if frames.len() == self.frames.len() {
                inside.push_str(rows);
                continue;
            }
            let seen = |n: usize| if frames.contains(&n) { "visible" } else { "hidden" };
            write!(style, "@keyframes f{n}{{").unwrap();
            for (frame, start) in at.iter().enumerate().take(self.frames.len()) {
                if frame == 0 || seen(frame) != seen(frame - 1) {
                    write!(style, "{:.3}%{{visibility:{}}}", f64::from(*start) * 100.0 / f64::from(whole), seen(frame)).unwrap();
                }
            }
            writeln!(style, "}}.f{n}{{visibility:{};animation:f{n} {whole}ms step-end infinite}}", seen(self.still)).unwrap();
            writeln!(inside, "<g class=\"f{n}\">\n{rows}</g>").unwrap();
        }
        style.push_str("@media (prefers-reduced-motion:reduce){g{animation:none!important}}\n");
        pictures::framed(SIZE.0, SIZE.1, &format!("<style>\n{style}</style>\n{inside}"))
    }
}

/// Edits the trip, is refused, settles, saves, and looks at the log.
fn settled() -> Film {
    let (home, mut film) = (Home::new(), Film::default());
    let term = Term::start(&home, &["demo"], SIZE.0, SIZE.1);
    term.wait_for("all notes", |t| t.contains("5 notes") && t.matches("synced").count() >= 5);
    film.take(&term, 1_800);
    term.send("g\r");
    term.wait_for("the editor", |t| t.contains("Esc back") && t.contains("The meeting with Ines"));
    film.take(&term, 900);
    term.send("\x1b[B\x1b[B\x1b[B\x1b[F");
    // Back over "Tuesday at noon in room four." by words to the day.
    for _ in 0.." at noon in room four.".len() {
        term.send("\x1b[D");
    }
    term.wait_for("the cursor behind the day", |_| term.screen(|s| s.cursor_position().0 == 4));
    film.take(&term, 600);
    let mut left = "Tuesday".to_owned();
    while left.pop().is_some() {
        term.send("\x7f");
        term.wait(&format!("with Ines is on {left} at noon"));
        film.take(&term, 80);
    }
    let mut typed = String::new();
    for letter in "Thursday".chars() {
        typed.push(letter);
        term.send(&letter.to_string());
        term.wait(&format!("with Ines is on {typed} at noon"));
        film.take(&term, 130);
    }
    film.take(&term, 900);
    term.send("\x13");
    term.wait("409:");
    film.take(&term, 3_200);
    term.send("\x07");
    term.wait("settle hunk by hunk");
    film.take(&term, 3_600);
    term.send("\r");
    term.wait("Here Enter takes");
    film.still = film.frames.len();
    film.take(&term, 4_200);
    term.send("\r");
    term.wait("n goes to what is still open");
    film.take(&term, 2_200);
    term.send("w");
    let text = term.wait_for("verdict or end", |t| t.contains("does not hold all") || t.contains("server has exactly"));
    if text.contains("does not hold all") {
        film.take(&term, 3_000);
        term.send("y");
    }
    term.wait("server has exactly");
    film.take(&term, 2_600);
    term.send("\x1b");
    term.wait("newest first");
    film.take(&term, 1_600);
    term.send("A");
    term.wait("Each conflict is counted");
    film.take(&term, 3_600);
    film
}

#[test]
#[ignore = "makes the recording anew"]
fn the_recording_of_the_readme() {
    let film = settled();
    pictures::write("settling.svg", &film.svg());
}

#[test]
fn a_row_is_drawn_once_for_all_frames_that_show_it() {
    let frame = |rows: &[&str], ms| (rows.iter().map(|r| (*r).to_owned()).collect(), ms);
    let film = Film { frames: vec![frame(&["a", "b"], 1_000), frame(&["a", "c"], 1_000), frame(&["a", "b"], 2_000)], still: 1 };
    let svg = film.svg();
    assert!(svg.contains("@keyframes f1{0.000%{visibility:visible}25.000%{visibility:hidden}50.000%{visibility:visible}}"), "{svg}");
    assert!(svg.contains(".f2{visibility:visible;animation:f2 4000ms step-end infinite}"), "{svg}");
    assert_eq!(svg.matches("\nb</g>").count(), 1, "{svg}");
    assert_eq!(svg.matches("</style>\na").count(), 1, "{svg}");
}
