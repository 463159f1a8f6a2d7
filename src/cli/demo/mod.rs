//! `diptych demo`: a server, a second device and sample notes in one process, in a temporary folder, over real HTTP.
//!
//! Each scene plays one part of the lesson. With `--plain` it is told without a screen: every request and answer, and status 0 if the
//! server did what the scene tells. Nothing stays behind.

use std::io::IsTerminal;

use clap::ValueEnum;
use tokio::sync::mpsc::unbounded_channel;

use super::{Context, Failure, clipboard, connect, notes, output, screens};
use crate::client::http::Access;
use crate::client::{self, Handle};
use crate::tui::app::{App, Setup};
use crate::tui::list::List;
use crate::tui::{self, Links};

pub mod device;
pub mod plain;
pub mod stage;
pub mod story;

use stage::Stage;
use story::{Story, Ways};

/// Live through a conflict: a server, a second device and sample notes in one process; nothing stays behind
#[derive(clap::Args, Debug)]
pub struct Demo {
    /// Which part of the lesson
    #[arg(value_enum, default_value_t = Scene::Conflict)]
    scene: Scene,
    /// Tell it without a screen, each request and answer
    #[arg(long)]
    plain: bool,
    /// The phone saves once more while you settle: a second 409
    #[arg(long)]
    again: bool,
}

/// The scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scene {
    /// Edit, save, 409, settle side by side, save again
    Conflict,
    /// Both devices edit offline; the last push wins, and the log has one entry
    Offline,
    /// A policy per field: last write wins, tags unite, prices ask
    Fields,
    /// A lock, held, run out, and the version check behind it
    Lock,
    /// Bookmarks: last write wins, clobbered and logged
    Lww,
}

impl Demo {
    /// Plays the scene.
    ///
    /// # Errors
    /// If the server cannot be started, or does not do what the scene tells.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        if self.plain { ctx.block_on(self.tell(ctx)) } else { self.show(ctx) }
    }

    async fn tell(&self, ctx: &Context) -> Result<u8, Failure> {
        let mut stage = Stage::set(ctx, self.scene, true).await?;
        let told = plain::play(self.scene, &stage).await;
        stage.outage().await;
        told?;
        output::line("")?;
        output::line("Done; the server is stopped and its folder gone.").map(|()| 0)
    }

    fn show(&self, ctx: &Context) -> Result<u8, Failure> {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            let todo = format!(
                "Without one: diptych demo {} --plain",
                self.scene.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned())
            );
            return Err(Failure::usage("The demo needs a terminal.", "Input or output does not go to one.", todo));
        }
        let mut setup = screens::setup(ctx)?;
        DEVICE.clone_into(&mut setup.settings.device);
        ctx.block_on(async {
            let mut stage = Stage::set(ctx, self.scene, false).await?;
            let done = self.on_stage(ctx, &mut stage, setup).await;
            stage.outage().await;
            done
        })
    }

    async fn on_stage(&self, ctx: &Context, stage: &mut Stage, setup: Setup) -> Result<u8, Failure> {
        let access = Access { server: stage.url.clone(), token: stage.token.clone(), origin: DEVICE.to_owned(), ca: None };
        let config = client::Config { access, db: stage.dir.path().join("laptop.db"), guest: false };
        let (client, told) = client::start(&config, connect::parts(&ctx.edge)?)
            .map_err(|e| Failure::data("The demo's notes cannot be opened.", e, "Free some space, or set TMPDIR."))?;
        let (ask, asked) = unbounded_channel();
        let (screens, news) = unbounded_channel();
        let (coach, hints) = unbounded_channel();
        let (seen, screen_is) = unbounded_channel();
        let links = Links {
            client: Some(Handle::new(ask)),
            news,
            coach: hints,
            seen: Some(seen),
            editor: ctx.config.editor.clone(),
            clipboard: clipboard::programs(),
        };
        let app = App::new(setup, Box::new(List::new()), true);
        let story = Story::new(self.scene, self.again, stage).play(Ways { asked, client, told, screens, coach, seen: screen_is });
        let screen = tui::run(app, links);
        tokio::pin!(story, screen);
        let mut over = false;
        loop {
            tokio::select! {
                status = &mut screen => return status.map_err(notes::no_terminal),
                told = &mut story, if !over => {
                    over = true;
                    told?;
                }
            }
        }
    }
}

/// What the person's device is called in the demo.
const DEVICE: &str = "laptop";
