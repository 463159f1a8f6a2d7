-- Live notes by every three characters of their title and text in lower case. It follows behind: `indexed` says how far, and what is
-- newer is read through. A row's number holds the space and the place in the order of changes, so that it is found in that order.
CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, detail = 'none', columnsize = 1, tokenize = 'trigram case_sensitive 1');

-- Under which place a note stands there.
CREATE TABLE searched (
  space INTEGER NOT NULL,
  id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (space, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE indexed (
  space INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;
