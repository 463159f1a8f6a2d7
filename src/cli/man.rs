//! `diptych man`: the manual, one page with every command.

use super::{Context, Failure, output};

/// Print the manual page (try: diptych man | man -l -)
#[derive(clap::Args, Debug)]
pub struct Man {}

impl Man {
    /// Prints it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn run(self, _: &Context) -> Result<u8, Failure> {
        let page = page().map_err(|e| Failure::data("The manual could not be made.", e, "Try again."))?;
        output::bytes(&page).map(|()| 0)
    }
}

fn page() -> std::io::Result<Vec<u8>> {
    let tree = super::tree();
    let mut out = Vec::new();
    let man = clap_mangen::Man::new(tree.clone());
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    out.extend_from_slice(b".SH COMMANDS\n");
    commands(&tree, "diptych", &mut out)?;
    out.extend_from_slice(STATUS.as_bytes());
    Ok(out)
}

fn commands(of: &clap::Command, name: &str, out: &mut Vec<u8>) -> std::io::Result<()> {
    use std::io::Write;
    for command in of.get_subcommands().filter(|c| !c.is_hide_set()) {
        let name = format!("{name} {}", command.get_name());
        writeln!(out, ".SS {}", name.replace('-', "\\-"))?;
        let man = clap_mangen::Man::new(command.clone());
        let mut text = Vec::new();
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        // Sections of a command become paragraphs of its part.
        for line in String::from_utf8_lossy(&text).lines() {
            match line.strip_prefix(".SH ") {
                Some("DESCRIPTION") => {}
                Some(section) => writeln!(out, ".PP\n\\fI{section}\\fR")?,
                None => writeln!(out, "{line}")?,
            }
        }
        commands(command, &name, out)?;
    }
    Ok(())
}

const STATUS: &str = r".SH EXIT STATUS
.TP
0
done
.TP
1
a conflict is left, or the person left
.TP
2
the command line or the settings make no sense
.TP
3
the server could not be reached, or refused
.TP
4
trouble with data or disk
.PP
\fBmerge\-file\fR ends as \fBgit merge\-file\fR does.
.SH FILES
.TP
$XDG_CONFIG_HOME/diptych/config.toml
settings (\fBdiptych config \-\-init\fR writes one with every setting explained)
.TP
$XDG_DATA_HOME/diptych/
the notes of this device
.TP
$XDG_STATE_HOME/diptych/diptych.log
the log
";
