//! A PostgreSQL of our own, from the distribution's package, for as long as the test program runs.

use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Running {
    dir: PathBuf,
    /// Its end is the end of the test program: the shell at the other side then stops the server and removes the folder.
    _alive: ChildStdin,
}

static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The address of a new, empty database; `None` where there is no PostgreSQL, which is said (and never so under `CI=true`).
pub fn database() -> Option<String> {
    let running = RUNNING.get_or_init(start).as_ref()?;
    let (name, host) = (format!("d{}", NEXT.fetch_add(1, Ordering::SeqCst)), running.dir.to_str().unwrap());
    let made = Command::new(bin().unwrap().join("psql"))
        .args(["-X", "-q", "-h", host, "-U", "postgres", "-c", &format!("CREATE DATABASE {name}")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(format!("postgresql:///{name}?host={host}&user=postgres"))
}

/// The folder with the server's programs.
fn bin() -> Option<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let on_path = std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect::<Vec<_>>()).unwrap_or_default();
    packaged.chain(on_path).find(|dir| ["initdb", "pg_ctl", "psql", "postgres"].iter().all(|p| dir.join(p).exists()))
}

fn start() -> Option<Running> {
    let Some(bin) = bin() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is missing: apt-get install postgresql");
        println!("skipped for PostgreSQL: it is not installed");
        return None;
    };
    // Short, for a socket's path has 107 bytes; reachable for the user the server runs as.
    let dir = tempfile::Builder::new().prefix("dpg").tempdir_in("/tmp").unwrap().keep();
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let become_user = if root {
        assert!(Command::new("chown").arg("postgres").arg(&dir).status().unwrap().success());
        "runuser -u postgres --"
    } else {
        ""
    };
    let script = script(&bin, &dir, become_user);
    #[allow(clippy::zombie_processes, reason = "it ends after us, when its standard input closes")]
    let mut shell =
        Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let alive = shell.stdin.take().unwrap();
    let mut said = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(shell.stdout.take().unwrap()), &mut said).unwrap();
    assert_eq!(said, "up\n", "PostgreSQL did not start; see {}", dir.join("log").display());
    Some(Running { dir, _alive: alive })
}

fn script(bin: &Path, dir: &Path, become_user: &str) -> String {
    let (bin, dir) = (bin.display(), dir.display());
    let log = format!("{dir}/log");
    format!(
        "{{ {become_user} {bin}/initdb -D {dir}/d -A trust -U postgres -E UTF8 --no-sync --locale=C.UTF-8 && \
         {become_user} {bin}/pg_ctl -D {dir}/d -w -l {dir}/d/server.log \
           -o \"-k {dir} -c listen_addresses='' -c fsync=off -c max_connections=400\" start; }} >{log} 2>&1 </dev/null && echo up; \
         cat >/dev/null; {become_user} {bin}/pg_ctl -D {dir}/d -m immediate stop >/dev/null 2>&1; rm -rf {dir}"
    )
}
