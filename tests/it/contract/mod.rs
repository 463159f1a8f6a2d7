//! The contract, line by line, over real HTTP: one story, told to every store.

mod audit;
pub mod live;
mod races;
mod saves;
pub mod server;
mod side;

use server::{Server, Stores};

macro_rules! stories {
    ($($name:ident: $story:path;)*) => {$(
        #[test]
        fn $name() {
            Stores::each(|server| Box::pin($story(server)));
        }
    )*};
}

stories! {
    notes_are_created_read_and_listed: saves::notes_are_created_read_and_listed;
    a_bad_request_is_told_what_is_wrong: saves::a_bad_request_is_told_what_is_wrong;
    a_save_names_its_base_in_three_ways: saves::a_save_names_its_base_in_three_ways;
    each_policy_decides_as_it_says: saves::each_policy_decides_as_it_says;
    a_deletion_collides_with_an_edit: saves::a_deletion_collides_with_an_edit;
    a_retry_gets_the_first_answer_again: saves::a_retry_gets_the_first_answer_again;
    a_store_set_back_is_noticed: saves::a_store_set_back_is_noticed;
    search_finds_and_pages: saves::search_finds_and_pages;
    bookmarks_take_the_last_write_and_log_it: side::bookmarks_take_the_last_write_and_log_it;
    a_lock_keeps_others_out_until_it_ends: side::a_lock_keeps_others_out_until_it_ends;
    spaces_are_kept_apart_on_every_route: side::spaces_are_kept_apart_on_every_route;
    a_token_is_needed_and_can_be_revoked: side::a_token_is_needed_and_can_be_revoked;
    every_conflict_is_logged_with_all_at_stake: audit::every_conflict_is_logged_with_all_at_stake;
    the_lesson_leaves_one_entry: audit::the_lesson_leaves_one_entry;
    figures_equal_the_rows: audit::figures_equal_the_rows;
    events_resume_without_a_gap: live::events_resume_without_a_gap;
    one_save_wins_each_version: races::one_save_wins_each_version;
    one_key_at_once_is_one_save: races::one_key_at_once_is_one_save;
}

/// What an SQLite store holds is in PostgreSQL after a move, and the server goes on where it was.
#[test]
fn a_store_moves_to_postgresql() {
    use diptych::domain::policy::Policies;
    let Some(address) = super::postgres::database() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.db");
        let before = Server::start(diptych::server::open(&format!("sqlite:{}", path.display())).await.unwrap(), Policies::default()).await;
        let note = before.note(serde_json::json!({"title": "ü", "body": "b\r\n", "fields": {"f": 1.5}})).await;
        before.put(&note, "desk", serde_json::json!({"base_version": 1, "body": "b2"})).await.is(200);
        before.put(&note, "lap", serde_json::json!({"base_version": 1, "body": "b3"})).await.is(409);
        before.put(&note.replace("notes", "bookmarks"), "lap", serde_json::json!({"marked": true})).await.is(200);
        before.post(&format!("{note}/lock"), "desk", serde_json::json!({})).await.is(200);
        let moved = diptych::server::migrate::sqlite_to_postgres(&path, &address).await.unwrap();
        assert_eq!(moved.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [2, 1, 2, 2, 1, 1, 1, 1, 0]);
        diptych::server::migrate::sqlite_to_postgres(&path, &address).await.unwrap_err();
        let mut after = Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
        after.ada.clone_from(&before.ada);
        for route in [
            note.clone(),
            format!("{note}/versions/1"),
            note.replace("notes", "bookmarks"),
            "/api/audit".to_owned(),
            "/api/notes?since=0".to_owned(),
        ] {
            assert_eq!(after.get(&route).await.is(200).body, before.get(&route).await.is(200).body, "{route}");
        }
        after.put(&note, "desk", serde_json::json!({"base_version": 2, "title": "on"})).await.is(200);
    });
    runtime.shutdown_background();
}
