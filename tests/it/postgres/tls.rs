//! The connection to the database, encrypted and checked.

use diptych::server::store::StoreError;

use super::cluster::Cluster;
use super::runtime;

/// A certificate for `localhost`, and its authority, as PEM; and the key.
fn certificate() -> (String, String, String) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    (cert.pem(), authority.pem(), own.serialize_pem())
}

#[test]
fn the_database_is_reached_by_tls_and_known() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (cert, authority, key) = certificate();
    let ours = tempfile::tempdir().unwrap();
    let (root, other) = (ours.path().join("root.pem"), ours.path().join("other.pem"));
    std::fs::write(&root, authority).unwrap();
    std::fs::write(&other, certificate().1).unwrap();
    let options = "-c fsync=off -c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file=../cert.pem -c ssl_key_file=../key.pem";
    let prepared = |dir: &std::path::Path| {
        std::fs::write(dir.join("cert.pem"), &cert).unwrap();
        std::fs::write(dir.join("key.pem"), &key).unwrap();
        let files = [dir.join("cert.pem"), dir.join("key.pem")];
        assert!(std::process::Command::new("chmod").arg("600").args(&files).status().unwrap().success());
        let owner = std::process::Command::new("stat").args(["-c", "%U"]).arg(dir).output().unwrap().stdout;
        let owner = String::from_utf8(owner).unwrap();
        assert!(std::process::Command::new("chown").arg(owner.trim()).args(&files).status().unwrap().success());
    };
    let Some(running) = Cluster::start_with(port, options, prepared) else { return };
    let open = async |query: &str| diptych::server::open(&format!("postgres://postgres@{query}")).await.map(drop);
    let refused = async |query: &str, why: &str| match open(query).await {
        Err(StoreError::Unavailable(e)) => assert!(e.contains(why), "{query}: {e}"),
        other => panic!("{query}: {other:?}"),
    };
    runtime().block_on(async {
        let (root, other) = (root.display(), other.display());
        let known = format!("localhost:{port}/postgres?sslmode=verify-full&sslrootcert={root}");
        open(&known).await.unwrap();
        let store = diptych::server::open(&format!("postgres://postgres@{known}")).await.unwrap();
        store.ready().await.unwrap();
        let sessions = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'diptych'";
        assert_eq!(running.sql("postgres", sessions), "t");
        open(&format!("localhost:{port}/postgres?sslmode=require&sslrootcert={root}")).await.unwrap();
        open(&format!("localhost:{port}/postgres?sslmode=disable")).await.unwrap();
        open(&format!("localhost:{port}/postgres")).await.unwrap(); // prefer: encrypted, not checked
        refused(&format!("localhost:{port}/postgres?sslmode=require"), "certificate").await;
        refused(&format!("localhost:{port}/postgres?sslmode=verify-full&sslrootcert={other}"), "certificate").await;
        refused(&format!("127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={root}"), "certificate").await;
        refused(&format!("localhost:{port}/postgres?sslmode=verify-ca"), "known are").await;
    });
}
