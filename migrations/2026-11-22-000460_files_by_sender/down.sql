DROP INDEX files_file_by_sender;
