//! One PostgreSQL server in a folder of its own, reached through a socket there; and a standby that follows it.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

pub struct Cluster {
    dir: PathBuf,
    bin: PathBuf,
    port: u16,
    /// Its end is the end of this value, or of the test program: the shell at the other side then stops the server and removes the folder.
    _alive: ChildStdin,
}

/// The number in the name of its socket, where it listens on nothing else.
const PORT: u16 = 5432;

/// The folder with the server's programs.
fn bin() -> Option<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let on_path = std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect::<Vec<_>>()).unwrap_or_default();
    packaged.chain(on_path).find(|dir| ["initdb", "pg_ctl", "psql", "postgres"].iter().all(|p| dir.join(p).exists()))
}

/// The server does not run as root; where this program does, the server runs as the user its package made.
fn become_user() -> String {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    // Where the folder of the system's own programs is not on a person's path.
    let runuser = ["/usr/sbin/runuser", "/sbin/runuser"].into_iter().find(|p| Path::new(p).exists()).unwrap_or("runuser");
    if root { format!("{runuser} -u postgres --") } else { String::new() }
}

/// A folder for one server. Short, for a socket's path has 107 bytes; reachable for the user the server runs as.
fn folder() -> PathBuf {
    let dir = tempfile::Builder::new().prefix("dpg").tempdir_in("/tmp").unwrap().keep();
    if !become_user().is_empty() {
        assert!(Command::new("chown").arg("postgres").arg(&dir).status().unwrap().success());
    }
    dir
}

impl Cluster {
    /// A new one, with these further options; `None` where PostgreSQL is not installed, which is said (and never so under `CI=true`).
    pub fn start(options: &str) -> Option<Cluster> {
        Self::start_with(PORT, options, |_| {})
    }

    /// The same, with files put into its folder before it starts.
    pub fn start_with(port: u16, options: &str, prepare: impl FnOnce(&Path)) -> Option<Cluster> {
        let Some(bin) = bin() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is missing: apt-get install postgresql");
            println!("skipped for PostgreSQL: it is not installed");
            return None;
        };
        let dir = folder();
        prepare(&dir);
        let make = format!("{}/initdb -D {}/d -A trust -U postgres -E UTF8 --no-sync --locale=C.UTF-8", bin.display(), dir.display());
        Some(Self::run(bin, dir, &make, port, options))
    }

    /// A standby that follows this one.
    pub fn standby(&self, options: &str) -> Cluster {
        let dir = folder();
        let make = format!(
            "{}/pg_basebackup -h {} -U postgres -D {}/d -R -X stream -c fast --no-sync",
            self.bin.display(),
            self.dir.display(),
            dir.display()
        );
        Self::run(self.bin.clone(), dir, &make, PORT, options)
    }

    fn run(bin: PathBuf, dir: PathBuf, make: &str, port: u16, options: &str) -> Cluster {
        let (who, b, d) = (become_user(), bin.display(), dir.display());
        let script = format!(
            "{{ cd {d}; {who} {make} && {who} {b}/pg_ctl -D {d}/d -w -l {d}/d/server.log \
               -o \"-p {port} -k {d} -c listen_addresses='' -c max_connections=400 {options}\" start; }} >{d}/log 2>&1 </dev/null && echo up || echo down; \
             cat >/dev/null; cd /; {who} {b}/pg_ctl -D {d}/d -m immediate stop >/dev/null 2>&1; rm -rf {d}"
        );
        #[allow(clippy::zombie_processes, reason = "it ends after us, when its standard input closes")]
        let mut shell =
            Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let alive = shell.stdin.take().unwrap();
        let mut said = String::new();
        std::io::BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "up\n", "PostgreSQL did not start: {}", std::fs::read_to_string(dir.join("log")).unwrap_or_default());
        Cluster { dir, bin, port, _alive: alive }
    }

    /// The folder of its socket.
    pub fn host(&self) -> &str {
        self.dir.to_str().unwrap()
    }

    /// The address of one of its databases.
    pub fn address(&self, database: &str) -> String {
        format!("postgresql:///{database}?host={}&user=postgres", self.host())
    }

    /// Runs statements, each on its own; what they say.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        self.try_sql(database, statements).unwrap_or_else(|why| panic!("{statements}: {why}"))
    }

    /// The same, where it may fail: then why.
    pub fn try_sql(&self, database: &str, statements: &str) -> Result<String, String> {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.host(), "-U", "postgres", "-d", database]);
        let done = command.args(["-p", &self.port.to_string(), "-c", statements]).output().unwrap();
        match done.status.success() {
            true => Ok(String::from_utf8(done.stdout).unwrap().trim().to_owned()),
            false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        }
    }

    /// Kills it and every process it has, with -9, as a power cut would.
    pub fn kill(&self) {
        let told = std::fs::read_to_string(self.dir.join("d/postmaster.pid")).unwrap();
        let first: u32 = told.lines().next().unwrap().parse().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
        assert!(Command::new("kill").args(["-9", &first.to_string()]).status().unwrap().success());
        // Those that saw it die have ended meanwhile, which kill calls a failure.
        let _ = Command::new("kill").arg("-9").args(children.split_whitespace()).stderr(Stdio::null()).status().unwrap();
    }

    /// Makes a standby the one that writes.
    pub fn promote(&self) {
        let data = self.dir.join("d");
        let script = format!("cd {}; {} {}/pg_ctl -D {} -w promote", self.host(), become_user(), self.bin.display(), data.display());
        let done = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }
}
