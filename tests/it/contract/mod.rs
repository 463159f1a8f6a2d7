//! The contract, line by line, over real HTTP: one story, told to every store.

pub mod audit;
mod limits;
mod lines;
pub mod live;
mod page;
mod races;
pub mod saves;
pub mod search;
pub mod server;
mod side;
mod users;

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
    search_finds_and_pages: search::search_finds_and_pages;
    bookmarks_take_the_last_write_and_log_it: side::bookmarks_take_the_last_write_and_log_it;
    a_lock_keeps_others_out_until_it_ends: side::a_lock_keeps_others_out_until_it_ends;
    spaces_are_kept_apart_on_every_route: side::spaces_are_kept_apart_on_every_route;
    a_token_is_needed_and_can_be_revoked: side::a_token_is_needed_and_can_be_revoked;
    every_conflict_is_logged_with_all_at_stake: audit::every_conflict_is_logged_with_all_at_stake;
    the_lesson_leaves_one_entry: audit::the_lesson_leaves_one_entry;
    pages_of_saves_are_whole: audit::pages_of_saves_are_whole;
    figures_equal_the_rows: audit::figures_equal_the_rows;
    events_resume_without_a_gap: live::events_resume_without_a_gap;
    a_listener_is_told_the_locks_that_are_held: live::a_listener_is_told_the_locks_that_are_held;
    policies_and_figures_are_told: lines::policies_and_figures_are_told;
    ids_are_uuids: lines::ids_are_uuids;
    a_token_that_asks_too_often_waits_and_others_do_not: limits::a_token_that_asks_too_often_waits_and_others_do_not;
    a_request_is_as_large_as_the_limit_and_no_larger: limits::a_request_is_as_large_as_the_limit_and_no_larger;
    each_part_of_a_note_has_its_bound: limits::each_part_of_a_note_has_its_bound;
    every_write_has_its_key: lines::every_write_has_its_key;
    each_policy_is_logged_by_name: lines::each_policy_is_logged_by_name;
    a_deletion_names_its_base_too: lines::a_deletion_names_its_base_too;
    what_the_server_owns_stays_its_own: lines::what_the_server_owns_stays_its_own;
    a_listener_too_far_behind_resyncs: lines::a_listener_too_far_behind_resyncs;
    a_search_is_by_text_and_tag: search::a_search_is_by_text_and_tag;
    case_is_that_of_unicode: search::case_is_that_of_unicode;
    a_search_looks_at_so_many_notes: search::a_search_looks_at_so_many_notes;
    every_route_asks_for_a_token: users::every_route_asks_for_a_token;
    users_of_one_space_share_notes_and_not_bookmarks: users::users_of_one_space_share_notes_and_not_bookmarks;
    one_save_wins_each_version: races::one_save_wins_each_version;
    one_key_at_once_is_one_save: races::one_key_at_once_is_one_save;
}
