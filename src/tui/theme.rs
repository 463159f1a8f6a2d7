//! Colours and marks by role. A theme is a table of role to style, read from TOML; the built-in ones are in `assets/themes`.
//!
//! No role is told by colour alone: whatever matters also has a sign or a word on screen. Without colours (`NO_COLOR`, a theme that
//! cannot be read) the `mono` theme says everything with bold, underline and reverse.

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

macro_rules! roles {
    ($($role:ident $name:literal $doc:literal,)*) => {
        /// What a piece of the screen is; a theme gives each a style.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Role { $(#[doc = $doc] $role,)* }

        impl Role {
            /// Every role, in order.
            pub const ALL: &'static [Role] = &[$(Role::$role,)*];

            /// The name used in theme files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Role::$role => $name,)* }
            }
        }
    };
}

roles! {
    Text "text" "Ordinary text.",
    Dim "dim" "What matters less.",
    Head "head" "The line at the top of a screen.",
    Border "border" "Frames and rules.",
    Key "key" "A key in a hint.",
    Accent "accent" "What the eye should find first.",
    Cursor "cursor" "The row the person is on.",
    Selected "selected" "Chosen text or rows.",
    Match "match" "What was searched for.",
    StandIn "stand-in" "In place of a character that must not be drawn.",
    Mine "mine" "Mine.",
    Theirs "theirs" "Theirs.",
    Base "base" "Base.",
    Both "both" "What both sides say.",
    MineWord "mine-word" "Changed words of mine.",
    TheirsWord "theirs-word" "Changed words of theirs.",
    Clash "clash" "An open clash.",
    Proposed "proposed" "A proposal not yet accepted.",
    Settled "settled" "A choice made.",
    Typed "typed" "Typed by hand in a result.",
    Added "added" "Added text in a comparison.",
    Removed "removed" "Removed text in a comparison.",
    Good "good" "All is well; synced.",
    Warn "warn" "Attend to this soon; saved here, typed.",
    Bad "bad" "Something failed or needs a person.",
    Banner "banner" "A line that speaks up inside a screen.",
    Coach "coach" "What the coach of the demo says.",
    Heading "heading" "A heading of a note.",
    Strong "strong" "Strong words of a note.",
    Emphasis "emphasis" "Stressed words of a note.",
    Code "code" "Code in a note.",
    Link "link" "A link in a note.",
    Quote "quote" "Quoted lines of a note.",
    Bullet "bullet" "The mark of a list item.",
    Done "done" "A ticked item.",
    Tag "tag" "A tag.",
}

/// A style for every role.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: Vec<Style>,
    true_colour: bool,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    italic: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
    #[serde(default)]
    strike: bool,
}

/// The built-in themes: name and TOML.
const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../assets/themes/colour-blind.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
];

impl Theme {
    /// The names of the built-in themes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in theme. `true_colour`: the terminal shows 24-bit colours; else the nearest of its 256 are taken.
    ///
    /// # Errors
    /// One sentence, if there is none of this name.
    pub fn built_in(name: &str, true_colour: bool) -> Result<Theme, String> {
        let (name, text) = BUILT_IN.iter().find(|(n, _)| *n == name).ok_or_else(|| {
            let known: Vec<&str> = Theme::names().collect();
            format!("No theme is called {name:?}; there are {}.", known.join(", "))
        })?;
        Theme::read(name, text, true_colour)
    }

    /// The built-in theme after this one, round and round.
    #[must_use]
    pub fn next(&self) -> Theme {
        let at = BUILT_IN.iter().position(|(n, _)| *n == self.name).map_or(0, |at| (at + 1) % BUILT_IN.len());
        Theme::built_in(BUILT_IN[at].0, self.true_colour).unwrap_or_else(|_| self.clone())
    }

    /// A theme from a file: a table per role (`[mine]`) with `fg`, `bg` (a name of the terminal's 16 colours, or `#rrggbb`), `bold`, `dim`,
    /// `italic`, `underline`, `reverse`, `strike`. A role it does not name looks like ordinary text.
    ///
    /// # Errors
    /// One sentence with the place, if it cannot be read or names an unknown role or colour.
    pub fn read(name: &str, text: &str, true_colour: bool) -> Result<Theme, String> {
        let table: BTreeMap<String, Look> = toml::from_str(text).map_err(|e| format!("The theme {name:?} cannot be read: {e}"))?;
        let mut styles = vec![Style::new(); Role::ALL.len()];
        for (role, look) in &table {
            let at = Role::ALL
                .iter()
                .position(|r| r.name() == role)
                .ok_or_else(|| format!("The theme {name:?} names an unknown role {role:?}."))?;
            styles[at] =
                style(look, true_colour).map_err(|colour| format!("The theme {name:?} has no such colour: {colour:?}, in {role:?}."))?;
        }
        Ok(Theme { name: name.to_owned(), styles, true_colour })
    }

    /// The style of a role.
    #[must_use]
    pub fn get(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

fn style(look: &Look, true_colour: bool) -> Result<Style, String> {
    let colour = |c: &Option<String>| -> Result<Option<Color>, String> {
        let Some(name) = c else { return Ok(None) };
        let colour = Color::from_str(name).map_err(|_| name.clone())?;
        Ok(Some(match colour {
            Color::Rgb(r, g, b) if !true_colour => Color::Indexed(nearest(r, g, b)),
            other => other,
        }))
    };
    let mut style = Style::new();
    if let Some(fg) = colour(&look.fg)? {
        style = style.fg(fg);
    }
    if let Some(bg) = colour(&look.bg)? {
        style = style.bg(bg);
    }
    let marks = [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
        (look.strike, Modifier::CROSSED_OUT),
    ];
    Ok(marks.iter().filter(|(on, _)| *on).fold(style, |s, (_, m)| s.add_modifier(*m)))
}

/// The nearest colour of the 6×6×6 cube or the grey ramp of a 256-colour terminal.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let near = |v: u8| (0u8..6).min_by_key(|i| STEPS[usize::from(*i)].abs_diff(v)).unwrap_or(0);
    let far = |a: [u8; 3]| -> u32 { a.iter().zip([r, g, b]).map(|(x, y)| u32::from(x.abs_diff(y)).pow(2)).sum() };
    let (i, j, k) = (near(r), near(g), near(b));
    let cube = [STEPS[usize::from(i)], STEPS[usize::from(j)], STEPS[usize::from(k)]];
    let mean = ((u16::from(r) + u16::from(g) + u16::from(b)) / 3) as u8;
    let ramp = (mean.saturating_sub(8) / 10).min(23);
    let grey = 8 + 10 * ramp;
    if far([grey; 3]) < far(cube) { 232 + ramp } else { 16 + 36 * i + 6 * j + k }
}
