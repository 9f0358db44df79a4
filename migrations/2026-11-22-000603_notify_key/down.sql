DROP TABLE notify_key;
