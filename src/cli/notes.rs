//! Plain `diptych`: the notes on screen.

use tokio::sync::mpsc::unbounded_channel;

use super::connect::connect;
use super::{Context, Failure, clipboard, logfile, screens};
use crate::tui::app::App;
use crate::tui::list::List;
use crate::tui::{self, Links};

/// Runs the notes until the person leaves.
///
/// # Errors
/// If the notes cannot be opened or there is no terminal.
pub fn run(ctx: &Context) -> Result<u8, Failure> {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "The notes need a terminal.",
            "Input or output does not go to one.",
            "For scripts there are commands: diptych --help.",
        ));
    }
    logfile::start(&ctx.config);
    let fresh = !ctx.config.data_dir.exists();
    let mut setup = screens::setup(ctx)?;
    setup.settings.first_run = fresh;
    ctx.block_on(async {
        let mut connected = connect(ctx, false).await?;
        let links = Links {
            client: Some(connected.client.clone()),
            news: std::mem::replace(&mut connected.news, unbounded_channel().1),
            coach: unbounded_channel().1,
            editor: ctx.config.editor.clone(),
            clipboard: clipboard::programs(),
        };
        let app = App::new(setup, Box::new(List::new()), true);
        let done = tui::run(app, links).await;
        connected.stop_server().await;
        done.map_err(no_terminal)
    })
}

/// What the person is told when the terminal fails.
pub fn no_terminal(e: std::io::Error) -> Failure {
    Failure::data("The terminal cannot be used.", e, "What you typed is kept; start diptych again.")
}
