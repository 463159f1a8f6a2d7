-- Live notes by every three characters of their title and text in lower case, as numbers. It follows behind: `indexed` says how far, and
-- what is newer is read through.
CREATE TABLE search (
  space BIGINT NOT NULL,
  id UUID NOT NULL,
  seq BIGINT NOT NULL,
  grams INT[] NOT NULL,
  PRIMARY KEY (space, id)
);
CREATE INDEX search_grams ON search USING gin (grams);

CREATE TABLE indexed (
  space BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL
);
