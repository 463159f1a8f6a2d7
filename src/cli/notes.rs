//! Plain `diptych`: the notes on screen.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::connect::connect;
use super::{Context, Failure, clipboard, logfile, screens};
use crate::client::{Command, Handle, News};
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
    let (ask, asked) = unbounded_channel();
    let (tell, news) = unbounded_channel();
    let links = Links {
        client: Some(Handle::new(ask)),
        news,
        coach: unbounded_channel().1,
        seen: None,
        editor: ctx.config.editor.clone(),
        clipboard: clipboard::programs(),
    };
    let app = App::new(setup, Box::new(List::new()), true);
    let (failed, failure) = oneshot::channel();
    std::thread::scope(|scope| {
        // The client on threads of its own: no key waits for them, and the first frame waits for no server and no disk.
        let client = scope.spawn(move || {
            let served = ctx.block_on(served(ctx, asked, tell));
            // It comes back where the screen has gone before.
            served.map_err(|why| failed.send(why).err())
        });
        let done = ctx.block_on_one(async {
            tokio::select! {
                biased;
                done = tui::run(app, links) => done.map_err(no_terminal),
                Ok(why) = failure => Err(why),
            }
        });
        match client.join() {
            Ok(Err(Some(why))) => Err(why),
            _ => done,
        }
    })
}

/// Connects, and carries what the screens ask and hear until they are gone.
async fn served(ctx: &Context, mut asked: UnboundedReceiver<Command>, tell: UnboundedSender<News>) -> Result<(), Failure> {
    let mut connected = connect(ctx, false).await?;
    loop {
        tokio::select! {
            command = asked.recv() => match command {
                Some(command) => {
                    // A client that has stopped has put everything on disk.
                    if !connected.client.send(command) {
                        let _ = tell.send(News::Stopped);
                    }
                }
                None => break,
            },
            Some(news) = connected.news.recv() => {
                let _ = tell.send(news);
            }
        }
    }
    connected.stop_server().await;
    Ok(())
}

/// What the person is told when the terminal fails.
pub fn no_terminal(e: std::io::Error) -> Failure {
    Failure::data("The terminal cannot be used.", e, "What you typed is kept; start diptych again.")
}
