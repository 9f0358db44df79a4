DROP TABLE catalog_pin;
