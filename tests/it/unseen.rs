//! A text that is told after some news must end up as if it had been told before it, in whatever way the news came: then a save never
//! overwrites what its screen has not shown. The pure step alone, with no clock and no network, so each way fails for itself.

use diptych::client::catch_up::{CatchUp, Head, Next, SetBack};
use diptych::client::handle::{News, Revision};
use diptych::client::message::{Answer, Effect, Env, Input};
use diptych::client::rebase::Rules;
use diptych::client::record::{Lane, Record, Report};
use diptych::client::sync::step;
use diptych::client::unseen::Unseen;
use diptych::domain::note::{Content, FieldName, Note, NoteId, Time, Uuid, Version};

const ID: NoteId = NoteId(Uuid::from_u128(1));

fn content(body: &str, tags: &[&str]) -> Content {
    Content { title: "n".to_owned(), body: body.to_owned(), tags: tags.iter().map(ToString::to_string).collect(), ..Content::default() }
}

fn note(version: Version, content: Content) -> Note {
    let at = Time(version);
    Note { id: ID, version, content, created_at: at, updated_at: at, updated_by: "ada".into(), updated_from: "desktop".into() }
}

/// One note on a device, and what its screens have not seen.
#[derive(Clone)]
struct Desk {
    record: Record,
    unseen: Unseen,
    no: u128,
    told: Vec<News>,
}

impl Desk {
    /// Version 1 is here and on a screen.
    fn new() -> Desk {
        let mut desk = Desk { record: Record::empty(ID), unseen: Unseen::default(), no: 0, told: Vec::new() };
        desk.unseen.shown(ID);
        desk.take(Input::Remote(note(1, content("one\n", &[]))));
        desk
    }

    fn take(&mut self, input: Input) {
        self.no += 1;
        let rules = Rules::default();
        let env = Env { now: Time(9), key: Uuid::from_u128(self.no), no: 1, jitter: 0, rules: &rules, unseen: &self.unseen };
        for effect in step(&mut self.record, input, &env) {
            match effect {
                Effect::Passed(passed) => self.unseen.passed(ID, passed),
                Effect::Tell(news) => self.told.push(news),
                Effect::Copy(..) | Effect::Send(_) => {}
            }
        }
    }

    fn all(mut self, inputs: &[Input]) -> Desk {
        inputs.iter().for_each(|i| self.take(i.clone()));
        self
    }

    /// What is typed, the version it stands on, and what that says.
    fn typed(&self) -> Option<(Content, Version, Option<Content>)> {
        self.record.typed.as_ref().map(|t| (t.content.clone(), t.base.version, t.base.content().cloned()))
    }
}

const LATE: Revision = 7;

fn late(body: &str, on: Version) -> Input {
    Input::Type(content(body, &[]), LATE, Some(on))
}

fn saved(body: &str) -> Vec<Input> {
    vec![Input::Save(content(body, &[]), 2, Some(1)), Input::Due(Lane::Note)]
}

fn answered(answer: Answer) -> Input {
    Input::Answered(Lane::Note, answer)
}

fn refused(present: Note) -> Input {
    let base = Some(Box::new(note(1, content("one\n", &[]))));
    answered(Answer::Conflict { present: Box::new(present), base, conflicts: vec![FieldName::Body], conflict_id: None })
}

fn settled(body: &str) -> Input {
    Input::Settle(content(body, &[]), Report { conflict_id: None, outcome: "merged".into(), hunks: [0; 4], seconds: 1 })
}

/// What went on before, the news, the text told around it, and the version it must stand on.
struct Way {
    name: &'static str,
    before: Vec<Input>,
    news: Vec<Input>,
    text: &'static str,
    stands_on: Version,
}

fn ways() -> Vec<Way> {
    let other = |v: Version| note(v, content("one\nof desktop\n", &["theirs"]));
    let way = |name, before, news, text, stands_on| Way { name, before, news, text, stands_on };
    let set_back = |n: Note| Input::SetBack(Some(Box::new(n)));
    let accepted = |v, c| answered(Answer::Saved(Box::new(note(v, c))));
    let parked = || [saved("one\nmine\n"), vec![refused(other(2))]].concat();
    let settling = |body| [parked(), vec![settled(body), Input::Due(Lane::Note)]].concat();
    let mine = "one\nmine\n";
    vec![
        way("an event or a list of changes", vec![], vec![Input::Remote(other(2))], "one\nlate\n", 1),
        way("a list read from the start", vec![], vec![set_back(other(2))], "one\nlate\n", 1),
        way("two of them", vec![], vec![Input::Remote(other(2)), set_back(note(3, content("x\n", &[])))], "one\nlate\n", 1),
        way("an answer to one's own save", saved(mine), vec![accepted(2, content(mine, &[]))], "one\nmine\nlate\n", 2),
        way("an answer that holds more than was sent", saved(mine), vec![accepted(3, content(mine, &["theirs"]))], "one\nmine\nlate\n", 3),
        way(
            "a newer version behind the answer",
            saved(mine),
            vec![Input::Remote(other(3)), accepted(2, content(mine, &[]))],
            "one\nmine\nlate\n",
            2,
        ),
        way("a refusal", saved(mine), vec![refused(other(2))], "one\nmine\nlate\n", 1),
        way("a conflict settled with mine", parked(), vec![settled(mine)], "one\nmine\nlate\n", 2),
        way("a conflict settled with theirs", parked(), vec![settled("one\nof desktop\n")], "one\nmine\nlate\n", 1),
        way("a conflict settled with both", parked(), vec![settled("one\nmine\nof desktop\n")], "one\nmine\nlate\n", 1),
        way(
            "an acceptance of what was settled",
            settling("one\nmine\nof desktop\n"),
            vec![accepted(3, content("one\nmine\nof desktop\n", &[]))],
            "one\nmine\nof desktop\nlate\n",
            3,
        ),
        way("a server set back to what this device has", vec![], vec![set_back(note(1, content("one\n", &[])))], "one\nlate\n", 1),
        way("a server that has it no more", vec![], vec![Input::SetBack(None)], "one\nlate\n", 0),
        way("a mark", vec![], vec![Input::RemoteMark(true, Time(3))], "one\nlate\n", 1),
    ]
}

#[test]
fn a_text_told_after_the_news_stands_where_it_would_have_stood_before() {
    for way in ways() {
        let on = if way.before.len() > 2 && way.name.starts_with("an acceptance") { 2 } else { 1 };
        let start = Desk::new().all(&way.before);
        let text = late(way.text, on);
        let before = start.clone().all(std::slice::from_ref(&text)).all(&way.news);
        let after = start.all(&way.news).all(std::slice::from_ref(&text));
        let (content, base, _) = after.typed().unwrap_or_else(|| panic!("{}: the text is not kept", way.name));
        assert_eq!(content.body, way.text, "{}", way.name);
        assert_eq!(base, way.stands_on, "{}: the version it stands on", way.name);
        // Where a server may have been set back, one's own text told before is put before the person at once.
        assert!(
            after.typed() == before.typed() || before.record.parked.is_some() && way.before.is_empty(),
            "{}: as if told before",
            way.name
        );
        // The same once more, as screens do while a person types on.
        let again = after.clone().all(&[late(&format!("{}more\n", way.text), on)]);
        assert_eq!(again.typed().map(|t| (t.1, t.0.tags)), Some((base, content.tags)), "{}: told again", way.name);
    }
}

#[test]
fn what_the_server_added_to_ones_save_is_not_undone_by_typing_on() {
    let answer = answered(Answer::Saved(Box::new(note(3, content("one\nmine\n", &["theirs"])))));
    let desk = Desk::new().all(&saved("one\nmine\n")).all(&[answer, late("one\nmine\nlate\n", 1)]);
    assert_eq!(desk.typed().unwrap().0.tags, ["theirs"]);
}

#[test]
fn a_draft_thrown_away_or_given_up_leaves_a_later_text_where_it_was_typed() {
    let other = Input::Remote(note(2, content("one\nof desktop\n", &[])));
    for gone in [Input::Discard, Input::Save(content("one\n", &[]), 3, Some(1))] {
        let desk = Desk::new().all(&[late("one\na\n", 1), other.clone(), gone.clone(), late("one\nb\n", 1)]);
        assert_eq!(desk.typed().unwrap().1, 1, "{gone:?}");
    }
}

#[test]
fn an_undone_deletion_is_news_to_a_text_from_before_it() {
    let gone = note(2, Content { deleted: true, ..content("one\n", &[]) });
    let back = note(3, content("one\nback\n", &[]));
    let desk = Desk::new().all(&[Input::Remote(gone), Input::Remote(back), late("one\nlate\n", 1)]);
    assert_eq!(desk.typed().unwrap().1, 1);
}

#[test]
fn what_another_program_brought_is_not_taken_for_seen() {
    // Another program on the same file fetched version 2: nothing of that went through this run.
    let mut desk = Desk::new();
    desk.record.synced = Some(note(2, content("one\nof desktop\n", &[])));
    let desk = desk.all(&[late("one\nlate\n", 1)]);
    assert_eq!(desk.typed().map(|t| t.1), Some(1));
}

#[test]
fn a_version_fetched_by_its_number_is_what_a_save_that_names_it_stands_on() {
    let mut desk = Desk::new().all(&[Input::Remote(note(2, content("two\n", &[]))), Input::Remote(note(3, content("three\n", &[])))]);
    desk.unseen.fetched(note(2, content("two\n", &[])));
    let desk = desk.all(&[Input::Save(content("two\nmore\n", &[]), 1, Some(2))]);
    let saved = desk.record.saved.unwrap();
    assert_eq!((saved.base.version, saved.base.content().cloned()), (2, Some(content("two\n", &[]))));
}

#[test]
fn a_text_that_does_not_stand_on_the_one_that_waits_does_not_take_its_place() {
    let parked = [saved("one\nmine\n"), vec![refused(note(2, content("one\ntheirs\n", &[])))]].concat();
    let settled = Desk::new().all(&parked).all(&[settled("one\nmine\ntheirs\n")]);
    let desk = settled.clone().all(&[Input::Save(content("one\nmine\nlate\n", &[]), LATE, Some(1))]);
    assert_eq!(desk.record.saved.as_ref().unwrap().content.body, "one\nmine\ntheirs\n");
    assert_eq!(desk.record.typed.as_ref().unwrap().content.body, "one\nmine\nlate\n");
    assert!(desk.told.iter().any(|n| matches!(n, News::Failed(_, why) if why.contains("kept as typed"))));
    assert!(!desk.told.iter().any(|n| matches!(n, News::SavedHere(_, LATE))), "it is not called saved");
    // A draft merged early does not take a conflict's place either.
    let again = Desk::new().all(&parked).all(&[Input::Type(content("one\nother\n", &[]), LATE, Some(1)), Input::Rebase]);
    assert_eq!(again.record.parked.unwrap().mine.body, "one\nmine\n");
}

#[test]
fn a_newer_version_behind_an_answer_is_told() {
    let answer = answered(Answer::Saved(Box::new(note(2, content("one\nmine\n", &[])))));
    let desk = Desk::new().all(&saved("one\nmine\n")).all(&[Input::Remote(note(3, content("x\n", &[]))), answer]);
    assert!(desk.told.iter().any(|n| matches!(n, News::Moved { note, .. } if note.version == 3)), "{:?}", desk.told);
}

/// What a device with these records makes of a list from the start that holds these notes.
fn listed(notes: Vec<Note>, desk: &Desk) -> SetBack {
    let mut caught = CatchUp::new((0, None));
    caught.begin();
    caught.ask();
    let head = Head { seq: 9, store: Some(Uuid::from_u128(2)), more: false, reset: false };
    assert!(caught.opens(&head, true));
    for note in notes {
        let Some((_, input)) = caught.came(note, &desk.record) else { continue };
        caught.noted(&told_by(desk, input));
    }
    assert_eq!(caught.taken(&head), Next::Whole);
    for _ in caught.lacked(vec![ID]) {
        caught.noted(&told_by(desk, Input::SetBack(None)));
    }
    caught.whole()
}

fn told_by(desk: &Desk, input: Input) -> Vec<Effect> {
    let rules = Rules::default();
    let env = Env { now: Time(9), key: Uuid::from_u128(99), no: 9, jitter: 0, rules: &rules, unseen: &desk.unseen };
    step(&mut desk.record.clone(), input, &env)
}

#[test]
fn a_server_is_called_set_back_only_where_it_lacks_what_is_here() {
    let (plain, drafted) = (Desk::new(), Desk::new().all(&[late("one\nmine\n", 1)]));
    let moved = || vec![note(2, content("one\nof desktop\n", &[]))];
    let older = || vec![note(1, content("zero\n", &[]))];
    // It only began anew, and the note moved on; with a draft on it that is no sign of anything.
    assert_eq!(listed(moved(), &plain), SetBack::No);
    assert_eq!(listed(moved(), &drafted), SetBack::No);
    assert_eq!(listed(vec![note(1, content("one\n", &[]))], &drafted), SetBack::No);
    for desk in [plain, drafted] {
        assert_eq!(listed(older(), &desk), SetBack::Lacks);
        assert_eq!(listed(Vec::new(), &desk), SetBack::Lacks);
    }
}
