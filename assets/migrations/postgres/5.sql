-- A version stays in one piece up to half a page: set aside in two pieces, with an entry in an index for each, a text of 2 kB cost a
-- third more to write and to read.
ALTER TABLE versions SET (toast_tuple_target = 4080);
