-- Old keys are found in passing, a slice of the table at a time: an index by time was one more page written for every save.
DROP INDEX memory_at;
