//! The program: calls `cli` and leaves with its exit status.

fn main() -> std::process::ExitCode {
    diptych::cli::main()
}
