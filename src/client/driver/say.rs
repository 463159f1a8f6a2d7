//! The client's troubles in sentences: what, why, what to do.

use crate::client::disk::DiskError;
use crate::client::http::Fault;

/// The server does not let this device in.
pub(super) const REFUSED_TOKEN: &str = "The server refuses the token: it is wrong or was taken back. All you write is kept here. R in the \
                                        list of notes asks for a new one.";

/// The same, of one save.
pub(super) const NO_ENTRY: &str = "The server refuses the token. It is sent when a new one is given.";

/// A new token was taken; `unkept`: why it could not be kept.
pub(super) fn token_taken(unkept: Option<&str>) -> String {
    match unkept {
        None => "The server takes the new token. What waited is on its way.".to_owned(),
        Some(why) => format!("The server takes the new token, but only until you quit: it could not be kept. {why}"),
    }
}

/// The server did not take a new token, or could not be asked.
pub(super) fn token_not_taken(fault: &Fault) -> String {
    match fault {
        Fault::Unauthorised(_) => {
            "The server does not take this token either. It was mistyped or taken back. R in the list of notes asks again.".to_owned()
        }
        other => format!("The new token could not be tried. {other} R in the list of notes asks again."),
    }
}

/// What was given can be no token.
pub(super) fn unfit_token(why: &str) -> String {
    format!("The new token was not tried. {why} R in the list of notes asks again.")
}

/// Another device has the lock that was ours.
pub(super) fn lock_lost(client: &str) -> String {
    format!("The lock is lost: {client} has it now. Your text is safe here. Saving is checked by version, as without a lock.")
}

/// Something could not be made durable.
pub(super) fn not_stored(e: &DiskError) -> String {
    format!("This is not saved on this device: {e}. {} The text is still where you wrote it: save it again.", remedy(e))
}

/// Something could not be read.
pub(super) fn not_read(e: &DiskError) -> String {
    format!("This device's notes could not be read: {e}. {}", remedy(e))
}

fn remedy(e: &DiskError) -> &'static str {
    match e {
        DiskError::Full => "Free some space.",
        DiskError::ReadOnly => "Allow writing to the data folder.",
        DiskError::Damaged(_) => "Restart diptych: it sets the file aside and takes over all that can be read of it.",
        DiskError::Failing(_) => "Free some space, or look after the disk.",
        DiskError::Busy => "Close the other program.",
        DiskError::Newer(_) => "Install that version.",
        DiskError::Other(_) => "Look into the data folder.",
    }
}

/// Something asked of the server did not come.
pub(super) fn not_fetched(what: &str, fault: &Fault) -> String {
    let todo = match fault {
        Fault::Unauthorised(_) => "R in the list of notes asks for a new token; so does diptych login.",
        Fault::Unreachable(_) | Fault::BrokeOff(_) | Fault::Later(..) => "Try again when it can be reached.",
        Fault::Missing => "It may not have been sent yet.",
        Fault::Refused(..) | Fault::Nonsense(_) | Fault::TooLarge => "Check the server's address.",
    };
    format!("The {what} did not come. {fault} {todo}")
}
