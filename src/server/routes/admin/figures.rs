//! The figures: what collided, when, where, how it was decided, and what that speaks for.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};

use super::html::{action, encoded, esc, head, outcome, page};
use super::session::{Asked, sign_in, signed_in};
use crate::domain::audit::{Advice, Figures};
use crate::server::app::App;
use crate::server::error::Reply;
use crate::server::routes::audit::figures_of;
use crate::server::routes::notes::query;

/// Left and right edge, top and foot of the plot, in its own units.
const PLOT: [f64; 4] = [44.0, 756.0, 14.0, 190.0];

pub(super) async fn show(State(app): State<App>, headers: HeaderMap, asked: Result<Query<Asked>, QueryRejection>) -> Reply {
    let Some(grant) = signed_in(&app, &headers).await else { return Ok(sign_in(StatusCode::OK, false)) };
    let days = query(asked)?.days();
    let f = figures_of(&app, grant.space, days).await?;
    let mut out = head(&grant.user, "Conflicts", days);
    out.push_str("<main>");
    out.push_str(&tiles(&f, days));
    out.push_str(&plot(&f, days));
    let (conflicts, beside): (BTreeMap<_, _>, BTreeMap<_, _>) = f.by_action.iter().partition(|(name, _)| name.starts_with("conflict_"));
    let refused: BTreeMap<_, _> = beside.into_iter().filter(|(name, _)| *name == "lock_refused").collect();
    out.push_str("<div class=\"grid\">");
    out.push_str(&table("How they were decided", &conflicts, "action", days, action));
    out.push_str(&table("How refused saves were settled", &f.settled.iter().collect(), "outcome", days, outcome));
    out.push_str(&table("By field", &f.by_field.iter().collect(), "field", days, |n| n));
    out.push_str(&table("By origin of the request", &f.by_origin.iter().collect(), "origin", days, |n| n));
    out.push_str(&table("By kind of record", &f.by_entity.iter().collect(), "entity", days, |n| n));
    if !refused.is_empty() {
        out.push_str(&table("Beside conflicts", &refused, "action", days, action));
    }
    out.push_str("</div>");
    out.push_str(&advice(&f, days));
    out.push_str("</main>");
    Ok(page(StatusCode::OK, "Conflicts", &out))
}

fn tiles(f: &Figures, days: u32) -> String {
    let tile =
        |class: &str, figure: String, what: &str| format!("<section class=\"{class}\"><span class=\"big\">{figure}</span>{what}</section>");
    let link = |n: u64, to: &str| format!("<a href=\"/admin/{to}days={days}\">{n}</a>");
    let share = (f.conflicts * 1000).checked_div(f.saves).unwrap_or(0);
    let settled: u64 = f.settled.values().sum();
    let refused = f.by_action.get("conflict_409").copied().unwrap_or(0);
    format!(
        "<div class=\"tiles\">{}{}{}{}{}</div>",
        tile("conflict", link(f.conflicts, "rows?action=conflict&amp;"), "conflicts"),
        tile("save", link(f.saves, "saves?"), "saves accepted"),
        tile("", format!("{}.{}", share / 10, share % 10), "conflicts for 100 saves"),
        tile("", link(refused, "rows?action=conflict_409&amp;"), "saves refused with 409"),
        tile("", link(settled, "rows?action=settled&amp;"), "settled by a person"),
    )
}

/// The least round number not below `n`: 1, 2 or 5 times a power of ten.
fn round_up(n: u64) -> u64 {
    let mut ten = 1u64;
    loop {
        for step in [1, 2, 5] {
            if ten.saturating_mul(step) >= n {
                return ten.saturating_mul(step);
            }
        }
        ten = ten.saturating_mul(10);
    }
}

#[allow(clippy::cast_precision_loss)] // a height in a picture
fn height(n: u64, top: u64) -> f64 {
    PLOT[3] - n as f64 / top as f64 * (PLOT[3] - PLOT[2])
}

/// A bar for the conflicts of each day and a line for its saves, each a link to its rows.
fn plot(f: &Figures, days: u32) -> String {
    let [left, right, _, foot] = PLOT;
    let most = |counts: &mut dyn Iterator<Item = u64>| round_up(counts.max().unwrap_or(0).max(1));
    let (top, top_saves) = (most(&mut f.per_day.iter().map(|(_, n)| *n)), most(&mut f.saves_per_day.iter().copied()));
    let wide = (right - left) / f64::from(u32::try_from(f.per_day.len()).unwrap_or(1).max(1));
    let (mut bars, mut points, mut line, mut rows) = (String::new(), String::new(), String::new(), String::new());
    for (i, ((day, n), saves)) in (0u32..).zip(f.per_day.iter().zip(&f.saves_per_day)) {
        let (x, y, high) = (left + f64::from(i) * wide, height(*n, top), height(*saves, top_saves));
        let middle = x + wide / 2.0;
        if *n > 0 {
            let (bar, width, tall) = (x + wide * 0.15, (wide * 0.7).clamp(0.8, 60.0), foot - y);
            let bar = if width < wide * 0.7 { middle - width / 2.0 } else { bar };
            let _ = write!(
                bars,
                "<a href=\"/admin/rows?days={days}&amp;action=conflict&amp;day={day}\"><rect x=\"{bar:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\" rx=\"1\"><title>{day}: conflicts {n}</title></rect></a>"
            ); // writing into a String does not fail
        }
        let _ = write!(line, "{middle:.1},{high:.1} ");
        if *saves > 0 && days <= 100 {
            let size = if days <= 31 { 3.0 } else { 1.5 };
            let _ = write!(
                points,
                "<a href=\"/admin/saves?days={days}&amp;day={day}\"><circle cx=\"{middle:.1}\" cy=\"{high:.1}\" r=\"{size}\"><title>{day}: saves {saves}</title></circle></a>"
            );
        }
        if *n > 0 || *saves > 0 {
            let _ = write!(
                rows,
                "<tr><td class=\"when\">{day}</td><td class=\"n\"><a href=\"/admin/rows?days={days}&amp;action=conflict&amp;day={day}\">{n}</a></td><td class=\"n\"><a href=\"/admin/saves?days={days}&amp;day={day}\">{saves}</a></td></tr>"
            );
        }
    }
    format!(
        "<section class=\"plot\"><h2>Day by day <span class=\"soft\"><span class=\"key\"></span>conflicts <span class=\"key line\"></span>saves</span></h2>\
         <div class=\"scroll\"><svg viewBox=\"0 0 800 216\" role=\"img\" aria-label=\"Conflicts and saves of each day; the table below has the figures\">{}\
         <g class=\"bars\">{bars}</g><g class=\"saves\"><polyline points=\"{line}\"/>{points}</g>{}</svg></div>\
         <details><summary>The same as a table</summary><table><tr><th>day, UTC</th><th class=\"n\">conflicts</th><th class=\"n\">saves</th></tr>{rows}</table></details></section>",
        grid(top, top_saves),
        dates(f)
    )
}

/// Lines across the plot, with what they stand for on either side.
fn grid(top: u64, top_saves: u64) -> String {
    let [left, right, _, _] = PLOT;
    let line = |y: f64, class: &str| format!("<line class=\"{class}\" x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>");
    let label = |y: f64, n: u64, m: u64| {
        format!(
            "<text class=\"axis-conflict\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{n}</text><text class=\"axis-save\" x=\"{}\" y=\"{:.1}\">{m}</text>",
            left - 8.0,
            y + 4.0,
            right + 8.0,
            y + 4.0
        )
    };
    let halves = top.is_multiple_of(2) && top_saves.is_multiple_of(2);
    let middle = if halves { line(height(top / 2, top), "") + &label(height(top / 2, top), top / 2, top_saves / 2) } else { String::new() };
    let (high, low) = (height(top, top), height(0, top));
    format!("{}{}{}{middle}{}", line(high, ""), line(low, "zero"), label(high, top, top_saves), label(low, 0, 0))
}

/// A few dates below the plot.
fn dates(f: &Figures) -> String {
    let [left, right, _, foot] = PLOT;
    let count = f.per_day.len();
    let wide = (right - left) / f64::from(u32::try_from(count).unwrap_or(1).max(1));
    let step = count.div_ceil(8).max(1);
    let mut out = String::new();
    for (i, (day, _)) in (0u32..).zip(&f.per_day).filter(|(i, _)| (count - 1 - *i as usize).is_multiple_of(step)) {
        let x = left + (f64::from(i) + 0.5) * wide;
        let short = day.get(5..).unwrap_or(day);
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{short}</text>", foot + 19.0);
    }
    out
}

fn table(title: &str, counts: &BTreeMap<&String, &u64>, key: &str, days: u32, words: fn(&str) -> &str) -> String {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1));
    let most = sorted.first().map_or(1, |(_, n)| ***n).max(1);
    let row = |(name, n): &(&&String, &&u64)| {
        format!(
            "<tr><td>{}</td><td class=\"bar\"><svg viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{}\" height=\"6\"/></svg></td>\
             <td class=\"n\"><a href=\"/admin/rows?days={days}&amp;{key}={}\">{n}</a></td></tr>",
            esc(words(name)),
            (***n * 100).div_ceil(most),
            encoded(name)
        )
    };
    let rows: String = sorted.iter().map(row).collect();
    let rows = if rows.is_empty() { "<tr><td class=\"soft\">none</td></tr>".to_owned() } else { rows };
    format!("<section><h2>{title}</h2><table>{rows}</table></section>")
}

fn advice(f: &Figures, days: u32) -> String {
    if f.advice.is_empty() {
        return "<section><h2>Advice</h2><p class=\"soft\">Nothing collided: no field asks for another policy.</p></section>".to_owned();
    }
    let row = |a: &Advice| {
        let change = if a.now == a.policy { "<span class=\"soft\">stays</span> " } else { "" };
        format!(
            "<tr><td><a href=\"/admin/rows?days={days}&amp;field={}\">{}</a></td><td data-is=\"in force\">{}</td><td data-is=\"the figures speak for\" class=\"keep\">{change}{}</td><td>{}</td></tr>",
            encoded(&a.field),
            esc(&a.field),
            esc(&a.now),
            esc(&a.policy),
            esc(&a.reason)
        )
    };
    let rows: String = f.advice.iter().map(row).collect();
    format!(
        "<section><h2>Advice</h2><table class=\"stack\"><thead><tr><th>field</th><th>in force</th><th>the figures speak for</th><th>why</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
}
