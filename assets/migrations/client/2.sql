-- Texts apart from what a list shows, and each by itself, so that only what changed is written; and a journal of typing.

-- `at` is eight times the note's `n`, plus the part: 0 synced, 1 saved, 2 typed, 3 sent, 4 parked, 5 mark, 6 report.
CREATE TABLE parts (at INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO parts SELECT n * 8, synced FROM notes WHERE synced IS NOT NULL;
INSERT INTO parts SELECT n * 8 + 1, saved FROM notes WHERE saved IS NOT NULL;
INSERT INTO parts SELECT n * 8 + 2, typed FROM notes WHERE typed IS NOT NULL;
INSERT INTO parts SELECT n * 8 + 3, sent FROM notes WHERE sent IS NOT NULL;
INSERT INTO parts SELECT n * 8 + 4, parked FROM notes WHERE parked IS NOT NULL;
INSERT INTO parts SELECT n * 8 + 5, mark FROM notes WHERE mark IS NOT NULL;
INSERT INTO parts SELECT n * 8 + 6, report FROM notes WHERE report IS NOT NULL;
ALTER TABLE notes DROP COLUMN synced;
ALTER TABLE notes DROP COLUMN saved;
ALTER TABLE notes DROP COLUMN typed;
ALTER TABLE notes DROP COLUMN sent;
ALTER TABLE notes DROP COLUMN parked;
ALTER TABLE notes DROP COLUMN mark;
ALTER TABLE notes DROP COLUMN report;

-- What was typed since the parts of a note were written: in a text of `was` bytes, `text` took the place of the bytes between `start`
-- and `stop`. `rest` holds the other fields where they changed too.
CREATE TABLE typing (
    k INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    was INTEGER NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    text TEXT NOT NULL,
    rest TEXT
) STRICT;
CREATE INDEX typing_by_note ON typing (n);
