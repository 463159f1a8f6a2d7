//! The protocol line by line, and the test that holds each: all of them over real HTTP, on both stores.
//!
//! To change what the server does, find its line here, then the test. A test is told to both stores by standing among the stories, or by
//! one of [`BOTH`] in its own text; the few that meet no store are in [`NO_STORE`].

use std::fs;
use std::path::Path;

/// By section: what is said, and the test's name.
const LINES: [(&str, &[(&str, &str)]); 8] = [
    (
        "Conventions",
        &[
            ("a success is `data`; a failure has a stable code, one sentence and details", "a_bad_request_is_told_what_is_wrong"),
            ("times are RFC 3339 in UTC with microseconds", "notes_are_created_read_and_listed"),
            ("ids are UUIDs; a client may make its own", "ids_are_uuids"),
            ("… those the program makes are of version 7", "a_server_told_to_stop_ends_what_it_began"),
            ("everything under `/api` asks for a token: else 401 with `WWW-Authenticate`", "every_route_asks_for_a_token"),
            ("a revoked token opens nothing", "a_token_is_needed_and_can_be_revoked"),
            ("a request sees its own space only; a record of another one is 404", "spaces_are_kept_apart_on_every_route"),
            ("`X-Client` is the origin, with its bounds", "what_the_server_owns_stays_its_own"),
            (
                "`Idempotency-Key` on any write: the first reply again, marked; with another request 422; kept for 24 hours",
                "every_write_has_its_key",
            ),
            ("… a refusal too is given again, and logged once", "a_retry_gets_the_first_answer_again"),
            ("… and one key at once is one save", "one_key_at_once_is_one_save"),
            ("400, 404, 405, 413, 415, 422 with the fields; nothing is half applied", "a_bad_request_is_told_what_is_wrong"),
            ("413 is by a limit that can be set", "a_request_is_as_large_as_the_limit_and_no_larger"),
            ("429 with `Retry-After`", "a_token_that_asks_too_often_waits_and_others_do_not"),
        ],
    ),
    (
        "Notes",
        &[
            ("a note's members", "notes_are_created_read_and_listed"),
            ("each part of a note has its bound", "each_part_of_a_note_has_its_bound"),
            ("server-owned members may be sent back as they are, and as nothing else", "what_the_server_owns_stays_its_own"),
            ("a list by `since`: in order of change, deleted ones included, `seq` and `more`", "notes_are_created_read_and_listed"),
            ("… `store` and `reset` after a store was set back", "a_store_set_back_is_noticed"),
            ("a list by `q`, `tag`, `limit`, `after`: live notes", "search_finds_and_pages"),
            ("… text in title or text, in any case", "a_search_is_by_text_and_tag"),
            ("… in any script, alike on every store", "case_is_that_of_unicode"),
            ("… by so many notes at a time", "a_search_looks_at_so_many_notes"),
            ("one note: `ETag`, `Last-Modified`, 304", "notes_are_created_read_and_listed"),
            ("its history, newest first; the note as it was", "notes_are_created_read_and_listed"),
            (
                "a creation: 201; an id that exists is a conflict without a base unless the content is equal",
                "notes_are_created_read_and_listed",
            ),
            ("a deletion leaves a tombstone; undelete", "a_deletion_collides_with_an_edit"),
        ],
    ),
    (
        "Saving",
        &[
            ("what a save leaves out stays", "notes_are_created_read_and_listed"),
            ("the base by `base_version`, `If-Match` (412), `If-Unmodified-Since` in both forms", "a_save_names_its_base_in_three_ways"),
            ("… also of a deletion", "a_deletion_names_its_base_too"),
            ("none: 428; several must agree: else 400; one the server never had: 422", "a_save_names_its_base_in_three_ways"),
            ("what changed on one side is that side's; what both changed alike is that value", "each_policy_decides_as_it_says"),
            ("each policy decides as it says; `sum` does not overflow", "each_policy_decides_as_it_says"),
            ("each is logged by its name, with both values", "each_policy_is_logged_by_name"),
            ("a deletion collides with an edit", "a_deletion_collides_with_an_edit"),
            ("one record, one decision", "each_policy_decides_as_it_says"),
            ("`merged` and `overruled`", "each_policy_is_logged_by_name"),
            ("the 409: the present note, the base, the fields, who", "a_save_names_its_base_in_three_ways"),
            ("one save wins each version", "one_save_wins_each_version"),
            ("the default policies, and `GET /api/policies`", "policies_and_figures_are_told"),
            ("a policy file is read at the start", "a_policy_file_decides_what_is_served"),
            ("… a bad one is refused", "policies_that_make_no_sense_are_refused_at_start"),
        ],
    ),
    (
        "Bookmarks",
        &[
            ("one for each user and note", "users_of_one_space_share_notes_and_not_bookmarks"),
            ("a late write is accepted and logged once, with both times", "bookmarks_take_the_last_write_and_log_it"),
        ],
    ),
    (
        "Locks",
        &[
            (
                "taken, refused without the token and logged, renewed by asking and by saving, released, ended by itself",
                "a_lock_keeps_others_out_until_it_ends",
            ),
            (
                "another's save or deletion is 423; a late release frees no newer lock; the version check stands behind it",
                "a_lock_keeps_others_out_until_it_ends",
            ),
            ("a holder is a user on a device", "users_of_one_space_share_notes_and_not_bookmarks"),
        ],
    ),
    (
        "Audit",
        &[
            (
                "every conflict in the transaction of its outcome, with base, mine, theirs, kept; refused text is kept",
                "every_conflict_is_logged_with_all_at_stake",
            ),
            ("… with the client's time, and once", "the_lesson_leaves_one_entry"),
            ("the query's filters and pages", "every_conflict_is_logged_with_all_at_stake"),
            ("how a conflict was settled", "every_conflict_is_logged_with_all_at_stake"),
            ("figures and advice", "figures_equal_the_rows"),
        ],
    ),
    (
        "Live changes",
        &[
            ("events with their place, kind and data; `Last-Event-ID` resumes", "events_resume_without_a_gap"),
            ("who begins to listen is told the locks that are held", "a_listener_is_told_the_locks_that_are_held"),
            ("one too far behind is told `resync`", "a_listener_too_far_behind_resyncs"),
        ],
    ),
    (
        "Operations",
        &[
            ("`/healthz`, `/readyz`, `/metrics`, the document", "a_token_is_needed_and_can_be_revoked"),
            ("the figures count what was done", "policies_and_figures_are_told"),
            ("`/admin` counts its rows, without scripts", "the_dashboard_works_in_a_browser_without_scripts"),
            ("… its pages are whole", "pages_of_saves_are_whole"),
            ("… and closed to strangers", "the_page_is_closed_to_strangers_and_strict"),
        ],
    ),
];

/// How a test says that it runs on both stores.
const BOTH: [&str; 3] = ["Stores::each(", "Home::over_each_store()", "stores(&home)"];
/// What ends before a store is opened.
const NO_STORE: [&str; 1] = ["policies_that_make_no_sense_are_refused_at_start"];

fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        match entry.is_dir() {
            true => sources(&entry, into),
            false if entry.ends_with("contract/page.rs") => {}
            false => into.push_str(&fs::read_to_string(&entry).unwrap()),
        }
    }
}

#[test]
fn every_line_names_a_test_that_is_there_and_every_story_a_line() {
    let mut tests = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"), &mut tests);
    for (section, lines) in LINES {
        for (line, test) in lines {
            if tests.contains(&format!("    {test}: ")) {
                continue; // a story
            }
            let body = tests.split_once(&format!("fn {test}(")).and_then(|(_, rest)| rest.split("\n}\n").next());
            let Some(body) = body else { panic!("{section}: {line:?} names {test}, which is no test") };
            let both = BOTH.iter().any(|how| body.contains(how)) || NO_STORE.contains(test);
            assert!(both, "{section}: {line:?} names {test}, which does not run on both stores");
        }
    }
    let stories = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract/mod.rs")).unwrap();
    let named = stories.lines().filter_map(|l| l.trim().split_once(": ")).filter(|(_, story)| story.ends_with(';') && story.contains("::"));
    for (test, _) in named {
        assert!(LINES.iter().any(|(_, lines)| lines.iter().any(|(_, t)| *t == test)), "{test} stands for no line");
    }
}
