//! The form of title, tags and fields.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, input, put, put_right};
use crate::domain::note::{FieldName, FieldValue, Value};
use crate::domain::text;
use crate::tui::form::Form;
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws the screen.
#[must_use]
pub fn draw(form: &Form, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, "Title, tags, fields", "", ctx.theme);
    let label = |name: &FieldName| match name {
        FieldName::Title => "Title".to_owned(),
        FieldName::Tags => "Tags, by comma".to_owned(),
        FieldName::Field(name) => name.clone(),
        other => other.to_string(),
    };
    let widest = form.lines.iter().map(|l| text::width(&label(&l.name))).max().unwrap_or(0);
    let left = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width / 3) + 2;
    for (y, (n, line)) in (area.y + 2..area.bottom()).zip(form.lines.iter().enumerate().skip(form.top)) {
        let on = n == form.at;
        let role = if on { Role::Accent } else { Role::Dim };
        put_right(buf, area.x + left, y, left - 1, &label(&line.name), ctx.theme.get(role));
        put(buf, area.x + left, y, 1, if on { "›" } else { " " }, ctx.theme.get(role));
        let kind = match line.was {
            FieldValue::Is(Value::Int(_) | Value::Float(_)) => 7,
            FieldValue::Is(Value::Bool(_)) => 8,
            _ => 0,
        };
        let word = if kind == 7 { "number" } else { "yes/no" };
        let at = Rect { x: area.x + left + 2, y, width: area.width.saturating_sub(left + 3 + kind), height: 1 };
        if kind > 0 {
            put(buf, at.right() + 1, y, kind, word, ctx.theme.get(Role::Dim));
        }
        let cursor = input(buf, at, &line.input, ctx.theme, on);
        if on {
            drawn.cursor = Some(cursor);
        }
        drawn.hit(Rect { y, height: 1, ..area }, Hit::Row(n));
    }
    drawn
}
