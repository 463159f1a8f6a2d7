//! Bytes from outside: front matter, events, times, JSON, names of keys, texts to be drawn. Nothing panics; what was read and is
//! written again reads the same; events come out the same however their bytes arrive; nothing that is drawn is a control character.
#![no_main]

use diptych::client::http::sse::Reader;
use diptych::domain::note::{NoteId, Time, Uuid};
use diptych::domain::text;
use diptych::tui::message::Key;
use diptych::wire::{audit, error, markdown, note, side, time};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|data: &[u8]| {
    let Some((what, data)) = data.split_first() else { return };
    match what % 8 {
        0 | 1 => front_matter(data),
        2 | 3 => events(data, usize::from(what >> 3)),
        4 => times(data),
        5 | 6 => json(data, what >> 3),
        _ => drawn(data, usize::from(what >> 3)),
    }
});

fn front_matter(data: &[u8]) {
    let shown = String::from_utf8_lossy(data);
    for text in [shown.clone().into_owned(), format!("---\n{shown}")] {
        let Ok(page) = markdown::read(&text, "name") else { continue };
        let id = page.id.unwrap_or(NoteId(Uuid::from_u128(7)));
        let written = markdown::write(id, page.version.unwrap_or(1), &page.content);
        let again = markdown::read(&written, "name").expect("what was written can be read");
        assert_eq!(again.content, page.content);
    }
}

fn events(data: &[u8], step: usize) {
    let read = |step: usize| {
        let mut reader = Reader::default();
        data.chunks(step).map(|c| reader.push(c)).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
    };
    assert_eq!(read(data.len().max(1)), read(step + 1));
}

fn times(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(at) = time::from_rfc3339(&text) {
        assert_eq!(time::from_rfc3339(&time::rfc3339(at)), Some(at));
    }
    if let Some(at) = time::from_http_date(&text) {
        assert_eq!(time::from_http_date(&time::http_date(at)), Some(at));
    }
    if let Some(micros) = data.first_chunk::<8>() {
        let at = Time(i64::from_le_bytes(*micros));
        let _ = (time::rfc3339(at), time::http_date(at), time::day(at));
    }
    let _ = text.parse::<Key>();
}

fn json(data: &[u8], which: u8) {
    fn all<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(data: &[u8]) {
        let Ok(read) = serde_json::from_slice::<T>(data) else { return };
        let again: T = serde_json::from_str(&serde_json::to_string(&read).expect("what was read can be written")).expect("and read");
        assert_eq!(again, read);
    }
    match which % 8 {
        0 => all::<note::NoteJson>(data),
        1 => all::<note::SaveJson>(data),
        2 => all::<note::PageJson>(data),
        3 => all::<error::ConflictJson>(data),
        4 => all::<error::ErrorJson>(data),
        5 => all::<audit::EntryJson>(data),
        6 => all::<side::EventJson>(data),
        _ => all::<side::LockJson>(data),
    }
}

fn drawn(data: &[u8], width: usize) {
    let all = String::from_utf8_lossy(data);
    for (line, _) in text::lines(&all) {
        assert!(!text::shown(line).chars().any(char::is_control));
        let rows = text::wrap(line, width);
        assert_eq!((rows.first().map(|r| r.start), rows.last().map(|r| r.end)), (Some(0), Some(line.len())));
        assert!(rows.windows(2).all(|w| w[0].end == w[1].start));
        assert!(text::width(&text::truncate(line, width)) <= width);
        let mut at = 0;
        while at < line.len() {
            let next = text::next_grapheme(line, at);
            assert!(next > at && text::prev_grapheme(line, next) == at);
            at = next;
        }
    }
}
