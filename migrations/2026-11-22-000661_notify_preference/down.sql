DROP TABLE notify_preference;
