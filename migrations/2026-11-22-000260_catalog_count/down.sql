DROP TABLE catalog_count;
