-- As MySQL writes it; SQLite reads it without the table.
DROP INDEX files_file_by_sender ON files_file;
