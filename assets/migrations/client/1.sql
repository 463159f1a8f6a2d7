-- What one device knows: a row a note, with all that a list shows beside all that is known.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    title TEXT NOT NULL,
    tags TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    state INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    version INTEGER NOT NULL,
    marked INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    synced TEXT,
    saved TEXT,
    typed TEXT,
    sent TEXT,
    parked TEXT,
    mark TEXT,
    report TEXT
) STRICT;

CREATE TABLE outbox (
    no INTEGER PRIMARY KEY,
    note BLOB NOT NULL,
    lane INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    last_error TEXT,
    refused INTEGER,
    UNIQUE (note, lane)
) STRICT;

-- Texts a person threw away, took out of the outbox or settled over: nothing typed is ever unreachable.
CREATE TABLE copies (
    n INTEGER PRIMARY KEY,
    note BLOB NOT NULL,
    at INTEGER NOT NULL,
    why TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX copies_by_note ON copies (note, at);

CREATE VIRTUAL TABLE words USING fts5 (title, body, tokenize = 'unicode61 remove_diacritics 2');
