-- A repair script with a wrong condition, and a migration run against the wrong database. No error is raised by any of it.
UPDATE shop.orders SET total = round(total * 0.9, 2) WHERE id % 7 = 0;
UPDATE shop.products SET attributes = attributes - 'weight_g' WHERE id % 11 = 0;
DROP TABLE shop.order_items CASCADE;
