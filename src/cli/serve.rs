//! `diptych serve`: the server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Context, Failure, dirs, output};
use crate::domain::policy::Policies;
use crate::server::{self, policies, store::Store};

/// Run the server that keeps the notes
#[derive(clap::Args, Debug)]
pub struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7878", env = "DIPTYCH_LISTEN", hide_env = true)]
    listen: String,
    #[command(flatten)]
    store: StoreArg,
    /// What decides when both sides changed one field (see --print-policies)
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,
    /// One policy over the file, such as notes.title=manual; may be given more than once
    #[arg(long = "policy", value_name = "FIELD=POLICY")]
    policy: Vec<String>,
    /// Print the default policies as a file, and stop
    #[arg(long)]
    print_policies: bool,
    /// How long an idle lock holds, such as 90s, 5m or 1h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    lock_timeout: Duration,
    /// The largest request, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    body_limit: u32,
    /// Requests a second that one token may make; 0 is without limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    rate: u32,
    /// The certificate chain to serve TLS with, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Ask for no token; only where nobody but this machine can connect
    #[arg(long)]
    no_auth: bool,
}

/// Which store.
#[derive(clap::Args, Debug)]
pub struct StoreArg {
    /// Where the server keeps its notes: sqlite:PATH or postgres://… (default: a file in the data folder)
    #[arg(long = "store", global = true, value_name = "STORE", env = "DIPTYCH_STORE", hide_env = true, hide_env_values = true)]
    url: Option<String>,
}

impl StoreArg {
    /// Whether a store was named, by flag or environment.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.url.is_some()
    }

    /// Opens it.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn open(&self, ctx: &Context) -> Result<Arc<dyn Store>, Failure> {
        match &self.url {
            Some(url) => open(url).await,
            None => {
                dirs::make(&ctx.config.data_dir)?;
                open(&format!("sqlite:{}", ctx.config.data_dir.join("server.db").display())).await
            }
        }
    }
}

/// Opens a store by its address.
///
/// # Errors
/// If it cannot be opened.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, Failure> {
    server::open(url)
        .await
        .map_err(|e| Failure::data("The notes of the server cannot be opened.", e, "Check --store: sqlite:PATH or postgres://…"))
}

/// Reads a time such as `90s`, `5m`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("must be a number with s, m or h".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "must be a number with s, m or h".to_owned())?;
    match number.checked_mul(seconds) {
        Some(n) if (1..=86_400).contains(&n) => Ok(Duration::from_secs(n)),
        _ => Err("must be between a second and a day".to_owned()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::usage(format!("{} cannot be read.", path.display()), e, "Check the path."))
}

/// Reads a policy file.
///
/// # Errors
/// If it cannot be read or makes no sense.
pub fn policies_from(path: &Path) -> Result<Policies, Failure> {
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    policies::parse(&text).map_err(|why| {
        let what = format!("The policies in {} make no sense.", path.display());
        Failure::usage(what, why, "Mend that line; diptych serve --print-policies shows a good file.")
    })
}

/// The policies of a file, or the defaults, with single ones over them.
///
/// # Errors
/// If the file cannot be read or makes no sense, told with its line; or a single one does not.
pub fn policies_of(file: Option<&Path>, single: &[String]) -> Result<Policies, Failure> {
    let mut out = file.map_or_else(|| Ok(Policies::default()), policies_from)?;
    for one in single {
        policies::set(&mut out, one)
            .map_err(|why| Failure::usage(format!("The policy {one:?} makes no sense."), why, "Write it like notes.title=manual."))?;
    }
    Ok(out)
}

impl Serve {
    /// Serves until Ctrl-C or SIGTERM, then lets requests under way end.
    ///
    /// # Errors
    /// If policies, certificate, store or address cannot be used.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        if self.print_policies {
            return output::bytes(policies::DEFAULT.as_bytes()).map(|()| 0);
        }
        super::logfile::start(&ctx.config);
        let mut config = server::Config::new(Arc::clone(&ctx.edge.now), Arc::clone(&ctx.edge.ids));
        config.policies = policies_of(self.policies.as_deref(), &self.policy)?;
        config.lock_timeout = self.lock_timeout;
        config.body_limit = self.body_limit as usize * 1024 * 1024;
        config.rate = if self.rate == 0 { None } else { Some(self.rate) };
        config.no_auth = self.no_auth;
        ctx.block_on_threads(threads(), self.serve(ctx, config))
    }

    async fn tls(&self) -> Result<Option<server::Tls>, Failure> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let unfit = |e| {
            let what = format!("The certificate in {} and the key in {} cannot be used.", cert.display(), key.display());
            Failure::usage(what, e, "Name a certificate chain and its own private key, both as PEM.")
        };
        server::Tls::from_pem(read(cert)?, read(key)?).await.map(Some).map_err(unfit)
    }

    async fn serve(&self, ctx: &Context, mut config: server::Config) -> Result<u8, Failure> {
        config.tls = self.tls().await?;
        let store = self.store.open(ctx).await?;
        let tokens = store.tokens().await.map_err(|e| Failure::data("The tokens cannot be read.", e, "Check --store."))?;
        if !self.no_auth && !tokens.iter().any(|t| t.revoked.is_none() && t.hash != [0; 32]) {
            output::note("No token can sign in yet. Make one with: diptych token add NAME");
        }
        let cannot = |e: std::io::Error| {
            Failure::server(format!("The server cannot listen on {}.", self.listen), e, "Choose another address with --listen.")
        };
        let listener = tokio::net::TcpListener::bind(&self.listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        if self.no_auth && !address.ip().is_loopback() {
            let why = "Without tokens everyone who reaches that address could read and change all notes.";
            return Err(Failure::usage("--no-auth is for this machine only.", why, "Listen on 127.0.0.1, or make a token."));
        }
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        output::line(&format!("diptych listens on {scheme}://{address}"))?;
        server::serve(listener, store, config, stop_signal()).await.map_err(cannot)?;
        output::note("diptych has stopped");
        Ok(0)
    }
}

/// Threads that speak HTTP: one core is left to the thread that writes, and more than eight would only wake each other.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).clamp(1, 8))
}

/// Ends at Ctrl-C or SIGTERM.
async fn stop_signal() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
