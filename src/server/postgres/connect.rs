//! How the database is reached: the address, TLS, pools of connections, and what an error means.
//!
//! `sslmode=disable` never encrypts. `prefer`, the default as in libpq, encrypts where the server offers it and checks nothing.
//! `require` and `verify-full` both check chain and name, against `sslrootcert=FILE` or the authorities this machine trusts: to encrypt
//! towards anyone who answers is no protection worth a name.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::server::store::StoreError;

/// How long a host may take to answer, and how long a silent connection is believed to live, unless the address says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

impl From<tokio_postgres::Error> for StoreError {
    fn from(e: tokio_postgres::Error) -> Self {
        let Some(db) = e.as_db_error() else { return StoreError::Unavailable(with_cause(&e)) };
        let again = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
        let code = db.code();
        let away = code.code().starts_with("57P") || code.code().starts_with("08") || *code == SqlState::READ_ONLY_SQL_TRANSACTION;
        if again.contains(code) {
            StoreError::Again(db.to_string())
        } else if away {
            StoreError::Unavailable(db.to_string())
        } else {
            StoreError::Database(db.to_string())
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(e: deadpool_postgres::PoolError) -> Self {
        match e {
            deadpool_postgres::PoolError::Backend(e) => StoreError::Unavailable(with_cause(&e)),
            e => StoreError::Unavailable(e.to_string()),
        }
    }
}

fn with_cause(e: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(e).map(ToString::to_string).filter(|c| !e.to_string().contains(c.as_str()));
    cause.map_or_else(|| e.to_string(), |c| format!("{e}: {c}"))
}

/// The way to a database: where, as whom, and how the connection is protected.
#[derive(Clone)]
pub(crate) struct Way {
    config: Config,
    tls: MakeRustlsConnect,
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    address: String,
    mode: SslMode,
    roots: Option<PathBuf>,
}

/// Takes out of the address what the driver does not know.
fn read(address: &str) -> Result<Asked, String> {
    let mut out = Asked { address: address.to_owned(), mode: SslMode::Prefer, roots: None };
    let Some((place, query)) = address.split_once('?') else { return Ok(out) };
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8_lossy();
        match name {
            "sslmode" => {
                out.mode = match &*value {
                    "disable" => SslMode::Disable,
                    "prefer" => SslMode::Prefer,
                    "require" | "verify-full" => SslMode::Require,
                    other => return Err(format!("sslmode={other} is not known; known are disable, prefer, require, verify-full")),
                }
            }
            "sslrootcert" => out.roots = Some(PathBuf::from(&*value)),
            _ => rest.push(pair),
        }
    }
    if out.roots.is_some() && out.mode != SslMode::Require {
        return Err("sslrootcert has a meaning only with sslmode=require or verify-full".to_owned());
    }
    out.address = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
    Ok(out)
}

impl Way {
    /// Reads an address; several hosts may be named.
    ///
    /// # Errors
    /// If it makes no sense, or its certificates cannot be read.
    pub(crate) fn of(address: &str) -> Result<Self, StoreError> {
        let bad = |why: String| StoreError::Unavailable(format!("bad address: {why}"));
        let asked = read(address).map_err(bad)?;
        let mut config: Config = asked.address.parse().map_err(|e| bad(with_cause(&e)))?;
        config.ssl_mode(asked.mode).application_name("diptych");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PATIENCE * 2).keepalives_idle(PATIENCE * 2);
        }
        Ok(Self { config, tls: MakeRustlsConnect::new(tls(&asked).map_err(bad)?) })
    }

    /// One connection, with the other half that must be driven.
    pub(crate) async fn connect(
        &self,
    ) -> Result<
        (
            tokio_postgres::Client,
            tokio_postgres::Connection<tokio_postgres::Socket, impl tokio_postgres::tls::TlsStream + Unpin + Send + use<>>,
        ),
        StoreError,
    > {
        Ok(self.config.connect(self.tls.clone()).await?)
    }

    /// A pool of connections, each greeted with `hello`.
    pub(crate) fn pool(&self, size: usize, hello: &'static str) -> Result<Pool, StoreError> {
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), self.tls.clone(), fast);
        let mut builder = Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(10)))
            .create_timeout(Some(Duration::from_secs(10)));
        if !hello.is_empty() {
            builder = builder.post_create(Hook::async_fn(move |client, _| {
                Box::pin(async move { client.batch_execute(hello).await.map_err(deadpool_postgres::HookError::Backend) })
            }));
        }
        builder.build().map_err(|e| StoreError::Unavailable(e.to_string()))
    }
}

fn tls(asked: &Asked) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| e.to_string())?;
    if asked.mode != SslMode::Require {
        return Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider))).with_no_client_auth());
    }
    let Some(path) = &asked.roots else {
        return Ok(builder.with_platform_verifier().map_err(|e| e.to_string())?.with_no_client_auth());
    };
    let unreadable = |e: &dyn std::fmt::Display| format!("sslrootcert={} cannot be read: {e}", path.display());
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(&e))? {
        roots.add(cert.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"it holds no certificate"));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Takes any certificate: for `prefer` alone, which whoever stands between could talk out of TLS altogether.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_as_libpq_reads_it() {
        let asked = read("postgres://a@h,i:2/db?sslmode=verify-full&target_session_attrs=read-write&sslrootcert=%2Fca%20s.pem").unwrap();
        let address = "postgres://a@h,i:2/db?target_session_attrs=read-write".to_owned();
        assert_eq!(asked, Asked { address, mode: SslMode::Require, roots: Some("/ca s.pem".into()) });
        assert_eq!(read("postgres://h/db?sslmode=disable").unwrap().address, "postgres://h/db");
        assert_eq!(read("postgres://h/db").unwrap().mode, SslMode::Prefer);
        for bad in [
            "postgres://h/?sslmode=verify-ca",
            "postgres://h/?sslmode=",
            "postgres://h/?sslrootcert=x",
            "postgres://h/?sslmode=prefer&sslrootcert=x",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for bad in ["postgres://h/?sslmode=require&sslrootcert=/nowhere", "postgres://h:port/", "postgres://h/?colour=red"] {
            assert!(matches!(Way::of(bad), Err(StoreError::Unavailable(why)) if why.starts_with("bad address: ")), "{bad}");
        }
    }
}
