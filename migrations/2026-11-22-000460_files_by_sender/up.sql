-- What one visitor sent, and what nobody used.
CREATE INDEX files_file_by_sender ON files_file (sent_by, created_at);
