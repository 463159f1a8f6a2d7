//! The one test program: laws, stories and torture. One module per file of this folder.
