//! The dashboard page in a real browser without scripts: sign-in, every figure against the rows it links to, hostile text, narrow windows.
//!
//! `DIPTYCH_PICTURES=FOLDER` keeps pictures of it, to be looked at.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::browser::Browser;
use crate::contract::server::{Server, Stores, send};

const HOSTILE: &str = "<img src=x onerror=document.title='owned'>\u{202e}</td><script>document.title='owned'</script>\"'&";

/// Some weeks of two devices: a few conflicts of each kind, some settled.
async fn lived_in(s: &Server) -> Server {
    let s = s.with_policies(&[("fields.mood", "server-wins"), ("fields.count", "sum"), ("fields.place", "client-wins")]).await;
    for day in 0..24_u32 {
        for n in 0..=day * 7 % 5 {
            let body = format!("Plan {n}\n\nMeet on Monday at noon.\n");
            let path = s.note(json!({"title": format!("Plan {day}.{n}"), "body": body, "tags": ["a"], "fields": {"count": 1, "mood": "x", "place": "p"}})).await;
            let theirs = json!({"base_version": 1, "title": "Plan, by the desk", "body": body.replace("Monday", "Tuesday"), "tags": ["a", "desk"], "fields": {"count": 4, "mood": "y", "place": "q"}});
            s.put(&path, "desk", theirs).await.is(200);
            let save = async |change: Value| s.put(&path, if n % 2 == 0 { "laptop" } else { "phone" }, change).await;
            match (day + n) % 4 {
                0 => {
                    let refused = save(json!({"base_version": 1, "body": body.replace("Monday", "Thursday")})).await.is(409).body;
                    let outcome = ["mine", "theirs", "merged"][(day % 3) as usize];
                    let told = json!({"conflict_id": refused["conflict_id"], "outcome": outcome, "hunks": {"mine": 1, "theirs": 0, "both": 0, "edited": 0}, "seconds": 9});
                    s.post("/api/audit/settled", "laptop", told).await.is(201);
                }
                1 => drop(save(json!({"base_version": 1, "title": HOSTILE})).await.is(200)),
                2 => drop(save(json!({"base_version": 1, "tags": ["a", "lap"], "fields": {"count": 2}})).await.is(200)),
                _ => drop(save(json!({"base_version": 1, "fields": {"mood": "z", "place": "r"}})).await.is(200)),
            }
        }
        s.pass(86_400);
    }
    s
}

fn pictures() -> Option<PathBuf> {
    std::env::var_os("DIPTYCH_PICTURES").map(PathBuf::from)
}

fn looked_at(browser: &mut Browser, name: &str) {
    for (how, width, dark) in [("light", 1200, false), ("dark", 1200, true), ("narrow", 390, false), ("narrow-dark", 390, true)] {
        browser.look(width, dark);
        let wide = browser.eval("document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(wide <= u64::from(width), "{name} is {wide} wide in a window of {width}");
        if let Some(folder) = pictures() {
            browser.picture(&folder.join(format!("{name}-{how}.png")));
        }
    }
    browser.look(1200, false);
}

/// Every figure that is a link, with the number of rows it leads to.
async fn figures_count_their_rows(s: &Server, browser: &mut Browser) {
    let links = browser.eval("[...document.querySelectorAll('td.n a, .big a')].map(a => [a.getAttribute('href'), a.textContent])");
    let links = links.as_array().unwrap();
    assert!(links.len() > 30, "{links:?}");
    let cookie = format!("diptych_admin={}", s.ada);
    for link in links {
        let (to, figure) = (link[0].as_str().unwrap(), link[1].as_str().unwrap().parse::<usize>().unwrap());
        let page = send(s.http.get(format!("{}{to}", s.url)).header("Cookie", &cookie)).await.is(200).body;
        let page = page.as_str().unwrap();
        let rows = if to.starts_with("/admin/saves") {
            page.matches("<td class=\"when\">").count()
        } else {
            let told = page.split("<strong>").last().unwrap();
            told.split(' ').next().unwrap().parse().unwrap()
        };
        assert_eq!(rows, figure, "{to}");
        assert!(to.starts_with("/admin/saves") || page.matches("<section>").count() == figure.min(100), "{to}");
    }
}

#[test]
fn the_dashboard_works_in_a_browser_without_scripts() {
    Stores::each(|s| Box::pin(dashboard(s)));
}

async fn dashboard(s: Server) {
    let Some(mut browser) = Browser::start() else { return };
    let s = lived_in(&s).await;
    browser.look(1200, false);
    browser.open(&format!("{}/admin", s.url));
    assert!(browser.text().contains("Sign in"));
    looked_at(&mut browser, "sign-in");
    browser.enter("dpt_wrong");
    assert!(browser.text().contains("not known"), "{}", browser.text());
    browser.enter(&s.ada);
    let shown = browser.text();
    assert!(shown.contains("conflicts for 100 saves") && shown.contains("the last write won"), "{shown}");
    assert_eq!(
        browser.eval("getComputedStyle(document.querySelector('.tiles')).display"),
        "grid",
        "the style sheet is allowed by the policy"
    );
    looked_at(&mut browser, "figures");
    figures_count_their_rows(&s, &mut browser).await;
    // a bar leads to the entries of its day
    browser.click(".bars a rect");
    assert!(browser.text().contains("back to the figures"), "{}", browser.text());
    browser.open(&format!("{}/admin/rows?days=30&action=conflict_lww", s.url));
    let shown = browser.text();
    assert!(shown.contains("<img src=x") && shown.contains("</script>"), "text is text: {shown}");
    assert!(!shown.contains('\u{202e}'), "what turns the line round has a stand-in");
    assert_eq!(browser.eval("document.querySelectorAll('img, script').length"), 0);
    looked_at(&mut browser, "rows");
    browser.open(&format!("{}/admin/saves?days=30", s.url));
    looked_at(&mut browser, "saves");
    assert_eq!(browser.eval("document.cookie"), "", "scripts could not read the token");
    browser.click("header button");
    assert!(browser.text().contains("Sign in"));
    browser.open(&format!("{}/admin/rows", s.url));
    assert!(browser.text().contains("Sign in"), "signed out");
}

#[test]
fn the_page_is_closed_to_strangers_and_strict() {
    Stores::each(|s| Box::pin(closed_and_strict(s)));
}

async fn closed_and_strict(s: Server) {
    s.note(json!({"title": "secret"})).await;
    for path in ["/admin", "/admin/rows", "/admin/saves"] {
        for cookie in ["", "diptych_admin=dpt_wrong", &format!("diptych_admin={}", s.eve)] {
            let got = send(s.http.get(format!("{}{path}", s.url)).header("Cookie", cookie)).await.is(200);
            assert!(!got.body.as_str().unwrap().contains("secret"), "{path} {cookie}");
            let policy = got.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!((got.header("cache-control"), got.header("x-content-type-options")), ("no-store", "nosniff"));
        }
    }
    let own = send(s.http.get(format!("{}/admin/saves", s.url)).header("Cookie", format!("diptych_admin={}", s.ada))).await.is(200);
    assert!(own.body.as_str().unwrap().contains("secret"));
    let login = s.http.post(format!("{}/admin/login", s.url)).body(format!("token={}", s.ada));
    let got = send(login).await.is(303);
    let cookie = got.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/admin"), "{cookie}");
}
