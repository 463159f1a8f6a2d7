//! What the screens are made with: clock, time zone, colours, keys and the person's settings.

use super::{Config, Context, Failure};
use crate::domain::note::Time;
use crate::tui::app::Setup;
use crate::tui::keys::Keymap;
use crate::tui::screen::{Local, Settings};
use crate::tui::terminal;
use crate::tui::theme::Theme;

/// Everything the screens need from outside. Call it before the terminal is read: `auto` asks it whether it is dark or light.
///
/// # Errors
/// If not even the built-in colours can be read.
pub fn setup(ctx: &Context) -> Result<Setup, Failure> {
    let config = &ctx.config;
    let mut notices = Vec::new();
    let theme = theme(config, &mut notices)?;
    let (keys, wrong) = Keymap::load(&config.preset, &config.keys);
    notices.extend(wrong);
    let (now, edge) = (ctx.edge.now.clone(), ctx.edge.clone());
    // Found when the first time of day is drawn: it reads many files.
    let zone = std::sync::LazyLock::new(jiff::tz::TimeZone::system);
    Ok(Setup {
        now: Box::new(move || now()),
        local: Box::new(move |time| local(&zone, time)),
        new_id: Box::new(move || edge.note_id()),
        theme,
        keys,
        settings: Settings { device: config.client.clone(), accept: config.accept.clone(), mouse: config.mouse, ..Settings::default() },
        notices,
    })
}

fn local(zone: &jiff::tz::TimeZone, time: Time) -> Local {
    let Ok(stamp) = jiff::Timestamp::from_microsecond(time.0) else { return Local::default() };
    let at = zone.to_datetime(stamp);
    let part = |n: i8| u8::try_from(n).unwrap_or(0);
    Local { year: at.year(), month: part(at.month()), day: part(at.day()), hour: part(at.hour()), minute: part(at.minute()) }
}

fn theme(config: &Config, notices: &mut Vec<String>) -> Result<Theme, Failure> {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let true_colour = matches!(set("COLORTERM").as_str(), "truecolor" | "24bit");
    let auto = || if terminal::asks_light() == Some(true) { "light" } else { "dark" };
    let file = config.dirs.config.join("themes").join(format!("{}.toml", config.theme));
    let found = if !set("NO_COLOR").is_empty() {
        Theme::built_in("mono", true_colour)
    } else if config.theme == "auto" {
        Theme::built_in(auto(), true_colour)
    } else if let Ok(text) = std::fs::read_to_string(&file) {
        Theme::read(&config.theme, &text, true_colour)
    } else {
        Theme::built_in(&config.theme, true_colour)
    };
    let found = found.or_else(|why| {
        notices.push(why);
        Theme::built_in("dark", true_colour)
    });
    found.map_err(|why| Failure::data("The colours cannot be read.", why, "Please report this."))
}
