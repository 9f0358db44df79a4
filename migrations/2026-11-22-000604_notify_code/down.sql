DROP TABLE notify_code;
