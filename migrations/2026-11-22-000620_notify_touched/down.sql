DROP TABLE notify_touched;
