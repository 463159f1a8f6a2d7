//! Databases that sort and fold letters in other ways: the answers are the same.

use diptych::domain::policy::Policies;

use super::runtime;
use crate::contract::server::Server;
use crate::contract::{audit, saves, search};

/// Turkish, where I is no capital i; Swedish, where ä comes after z; and one in which digits count as numbers. Each with what is true there
/// and not where bytes are compared.
const OTHERS: [(&str, &str); 3] =
    [("tr-TR", "lower('I') <> 'i'"), ("sv-SE", "'B' > 'a' AND 'ä' > 'z'"), ("en-u-kf-upper-kn", "'10' > '9' AND 'A' < 'a' AND 'a' < 'B'")];

#[test]
fn the_answers_do_not_hang_on_the_locale() {
    for (locale, differs) in OTHERS {
        let options = format!("TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE '{locale}'");
        let address = match super::database_with(&options) {
            None => return,
            Some(Err(why)) => {
                println!("skipped: this PostgreSQL makes no database for {locale}: {why}");
                continue;
            }
            Some(Ok(address)) => address,
        };
        assert_eq!(super::ask(&address, &format!("SELECT {differs}")), "t", "{locale}");
        runtime().block_on(async {
            let server = async || Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
            saves::notes_are_created_read_and_listed(server().await).await;
            search::search_finds_and_pages(server().await).await;
            search::a_search_is_by_text_and_tag(server().await).await;
            search::case_is_that_of_unicode(server().await).await;
            audit::pages_of_saves_are_whole(server().await).await;
            audit::figures_equal_the_rows(server().await).await;
        });
    }
}

#[test]
fn a_database_that_cannot_keep_every_character_is_refused() {
    for encoding in ["SQL_ASCII", "LATIN1"] {
        let options = format!("TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'");
        let Some(made) = super::database_with(&options) else { return };
        let address = made.unwrap();
        let why = runtime().block_on(async { diptych::server::open(&address).await.err() }).expect("it is refused").to_string();
        assert!(why.contains(encoding) && why.contains("UTF8"), "{why}");
        assert_eq!(super::ask(&address, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0", "and left as it was");
    }
}
