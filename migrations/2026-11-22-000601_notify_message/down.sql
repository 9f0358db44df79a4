DROP TABLE notify_message;
